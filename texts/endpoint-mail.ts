import { layOut } from './html.js';
import { formatInstant } from './instants.js';
import type { Mail, Reader, Site } from './messages.js';
import { localeOf, wordingOf, type Wording } from './wording.js';

/** What an admin is told of; the instant in epoch ms. */
export interface DisabledEndpoint {
  id: string;
  url: string;
  reason: 'gone' | 'failing';
  disabledAt: number;
}

interface Words {
  title: string;
  sentence(host: string, when: string): string;
  why: Record<DisabledEndpoint['reason'], string>;
  next: string;
}

const WORDS: Record<Wording['language'], Words> = {
  en: {
    title: 'A webhook endpoint is switched off',
    sentence: (host, when) => `Nothing more has been sent to the webhook endpoint at ${host} since ${when}.`,
    why: {
      gone: 'It answered that it is gone (410).',
      failing: 'No message has arrived there within three days.',
    },
    next: 'See its deliveries for what it answered, have it corrected, then enable it: what it misses until then can be sent again.',
  },
  de: {
    title: 'Ein Webhook-Ziel ist abgeschaltet',
    sentence: (host, when) => `An das Webhook-Ziel bei ${host} wird seit ${when} nichts mehr gesendet.`,
    why: {
      gone: 'Es hat geantwortet, dass es nicht mehr besteht (410).',
      failing: 'Drei Tage lang ist dort keine Nachricht angekommen.',
    },
    next: 'Sehen Sie bei seinen Zustellungen nach, was es geantwortet hat, lassen Sie es in Ordnung bringen und schalten Sie es wieder ein: Was es bis dahin versäumt, kann noch einmal gesendet werden.',
  },
  hi: {
    title: 'एक वेबहुक पता बंद कर दिया गया है',
    sentence: (host, when) => `${host} के वेबहुक पते पर ${when} से कुछ नहीं भेजा जा रहा है।`,
    why: {
      gone: 'उसने उत्तर दिया कि वह अब नहीं है (410)।',
      failing: 'तीन दिनों में वहाँ कोई संदेश नहीं पहुँचा।',
    },
    next: 'उसकी डिलीवरी में देखें कि उसने क्या उत्तर दिया, उसे ठीक कराएँ, फिर चालू करें: तब तक जो छूटेगा वह फिर भेजा जा सकता है।',
  },
};

/** The mail to an admin. Of the address only its host: what follows may be a secret of the receiver's. */
export function writeEndpointMail(site: Site, endpoint: DisabledEndpoint, reader: Reader): Mail {
  const wording = wordingOf(reader.locale);
  const words = WORDS[wording.language];
  const { locale, timeZone } = { locale: localeOf(reader.locale), timeZone: reader.timeZone };
  const when = formatInstant(endpoint.disabledAt, { locale, timeZone });
  const subject = `${site.brand}: ${words.title}`;
  const sentence = `${words.sentence(new URL(endpoint.url).host, when)} ${words.why[endpoint.reason]}`;
  const paragraphs = [wording.hello(reader.name), sentence, words.next];
  const below = [`webhook-endpoint ${endpoint.id}`];
  const text = [...paragraphs, `${wording.signIn}: ${site.webUrl}`, [site.brand, ...below].join('\n')].join('\n\n');
  const html = layOut({
    language: wording.language,
    subject,
    brand: site.brand,
    title: words.title,
    paragraphs,
    action: { label: wording.signIn, link: site.webUrl },
    below,
  });
  return { subject, text: `${text}\n`, html };
}
