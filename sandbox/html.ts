const STYLE = `
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 34rem; margin: 3rem auto; padding: 0 1rem; color: #1a1a1a; }
  h1 { font-size: 1.4rem; } dt { color: #595959; } dd { margin: 0 0 .6rem; font-weight: 600; }
  button, input { font: inherit; padding: .5rem 1rem; margin: .3rem .3rem .3rem 0; }
  button { cursor: pointer; } label { display: block; } footer { margin-top: 2rem; color: #595959; font-size: .9rem; }
  [role=alert] { border-left: 4px solid #b00020; padding-left: .8rem; } form { display: inline; }`;

/** A whole HTML page. `body` is HTML: escape what goes into it. */
export function page(title: string, body: string): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} - provider sandbox</title><style>${STYLE}</style></head>
<body><h1>${title}</h1>
${body}
<footer>Provider sandbox, for development: no money moves here.</footer></body></html>
`;
}

/** Text made safe for HTML. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
