import type { Wording } from './wording.js';

export const GERMAN: Wording = {
  language: 'de',
  locale: 'de-DE',
  hello: (name) => `Guten Tag ${name},`,
  news: (when) => `Neues zu ${when}`,
  signIn: 'Anmelden',
  reference: (id) => `Termin ${id}`,
  choice: 'In den Einstellungen bestimmen Sie, welche dieser Nachrichten Sie wie erreichen.',
  code: (digits) => `${digits} ist Ihr Code. Er gilt 10 Minuten; nennen Sie ihn niemandem.`,
  help: 'Nach dem Anmelden bestimmen Sie, was Sie erreicht. Antworten Sie STOP, um keine SMS mehr zu erhalten, START für wieder welche.',
  texts: {
    booking_made: (when, payBy) => ['Gebucht', `Ihr Termin am ${when} ist gebucht. Bitte bezahlen Sie bis ${payBy}.`],
    payment_received: (when) => [
      'Zahlung eingegangen',
      `Ihre Zahlung für den Termin am ${when} ist da. Er wartet jetzt auf die Freigabe.`,
    ],
    approval_pending: (when) => [
      'Eine Buchung wartet auf Freigabe',
      `Eine Buchung am ${when} wartet auf die Freigabe.`,
    ],
    activation_alert: (when) => [
      'Bezahlt und nicht freigegeben',
      `Der Termin am ${when} ist bezahlt und nicht freigegeben. Bitte entscheiden Sie jetzt.`,
    ],
    approved: (when) => [
      'Freigegeben',
      `Der Termin am ${when} ist freigegeben. Teilnehmen können Sie ab fünf Minuten vor dem Beginn.`,
    ],
    approved_open: (when) => [
      'Sie können jetzt teilnehmen',
      `Der Termin am ${when} ist freigegeben und offen. Sie können jetzt teilnehmen.`,
    ],
    approval_taken_back: (when) => [
      'Freigabe zurückgenommen',
      `Die Freigabe des Termins am ${when} wurde zurückgenommen.`,
    ],
    session_reminder: (when) => ['Es geht bald los', `Ihr Termin beginnt am ${when}.`],
    payment_reminder: (when, payBy) => [
      'Noch nicht bezahlt',
      `Ihr Termin am ${when} ist nicht bezahlt. Bitte bezahlen Sie bis ${payBy}.`,
    ],
    join_open: (when) => [
      'Sie können jetzt teilnehmen',
      `Der Termin am ${when} ist offen. Sie können jetzt teilnehmen.`,
    ],
    awaiting_approval: (when) => [
      'Die Freigabe steht aus',
      `Der Termin am ${when} wartet noch auf die Freigabe. Wir melden uns, sobald sie da ist.`,
    ],
    expired_payment: (when) => [
      'Verfallen',
      `Die Buchung am ${when} wurde nicht rechtzeitig bezahlt und ist verfallen.`,
    ],
    expired_activation: (when) => [
      'Er findet nicht statt',
      `Der Termin am ${when} wurde nicht rechtzeitig freigegeben und findet nicht statt. Was bezahlt wurde, geht zurück.`,
    ],
    completed: (when) => ['Abgeschlossen', `Der Termin am ${when} ist abgeschlossen. Vielen Dank.`],
    no_show: (when) => ['Versäumt', `Der Termin am ${when} gilt als versäumt.`],
    late_money_returned: (when) => [
      'Ihre Zahlung geht zurück',
      `Geld für den Termin am ${when} kam zu spät oder wurde nicht gebraucht. Es geht an seine Quelle zurück.`,
    ],
    cancelled: (when) => ['Abgesagt', `Der Termin am ${when} ist abgesagt.`],
    rescheduled: (when) => ['Verlegt', `Ihr Termin beginnt jetzt am ${when}.`],
    extended: (when, _payBy, until) => ['Verlängert', `Der Termin, der am ${when} begann, dauert jetzt bis ${until}.`],
    refund_completed: (when) => [
      'Geld zurückgesandt',
      `Das Geld für den Termin am ${when} ist auf dem Weg zurück an seine Quelle.`,
    ],
    refund_to_wallet: (when) => [
      'Geld auf Ihrem Guthaben',
      `Das Geld für den Termin am ${when} konnte nicht an seine Quelle zurück. Es liegt auf Ihrem Guthaben.`,
    ],
    dispute_opened: (when) => ['Zahlung bestritten', `Eine Zahlung für den Termin am ${when} wird bestritten.`],
    dispute_closed: (when) => ['Streitfall beendet', `Der Streitfall zum Termin am ${when} ist beendet.`],
  },
};
