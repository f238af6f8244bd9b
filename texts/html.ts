const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Text as it may stand in an element or in a quoted attribute. */
export function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => ENTITIES[character]!);
}

export interface Page {
  language: string;
  subject: string;
  brand: string;
  title: string;
  paragraphs: readonly string[];
  action: { label: string; link: string };
  below: readonly string[];
}

const BODY = 'margin:0;padding:24px;background:#f4f4f2;font-family:system-ui,sans-serif;font-size:16px;color:#222';
const CARD = 'max-width:32em;margin:0 auto;padding:24px;background:#fff;border-radius:8px';
const BUTTON = 'display:inline-block;padding:10px 18px;background:#1f5f4a;color:#fff;border-radius:6px';
const SMALL = 'margin:4px 0;font-size:13px;color:#666';

/** One mail's HTML: no picture, no script, nothing fetched from anywhere, so that opening it tells nobody. */
export function layOut({ language, subject, brand, title, paragraphs, action, below }: Page): string {
  const e = escapeHtml;
  return [
    `<!doctype html><html lang="${e(language)}"><head><meta charset="utf-8">`,
    `<meta name="viewport" content="width=device-width"><title>${e(subject)}</title></head>`,
    `<body style="${BODY}"><div style="${CARD}">`,
    `<p style="${SMALL}">${e(brand)}</p><h1 style="margin:0 0 16px;font-size:20px">${e(title)}</h1>`,
    ...paragraphs.map((paragraph) => `<p>${e(paragraph)}</p>`),
    `<p><a style="${BUTTON}" href="${e(action.link)}">${e(action.label)}</a></p>`,
    ...below.map((line) => `<p style="${SMALL}">${e(line)}</p>`),
    '</div></body></html>\n',
  ].join('\n');
}
