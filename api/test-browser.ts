/** For tests only: what a browser does in a sign-in. Follows redirects and keeps cookies, by host and not by port. */
export class TestBrowser {
  readonly cookies = new Map<string, string>();

  /** One request, as from a page of `from` (the addressed origin unless said otherwise); follows no redirect. */
  async request(url: string, { method = 'GET', headers = {}, form }: Sent = {}): Promise<Response> {
    const cookie = [...this.cookies].map((pair) => pair.join('=')).join('; ');
    const answer = await fetch(url, {
      method,
      headers: { ...(cookie === '' ? {} : { cookie }), ...headers },
      redirect: 'manual',
      ...(form === undefined ? {} : { body: new URLSearchParams(form) }),
    });
    for (const text of answer.headers.getSetCookie()) this.keep(text);
    return answer;
  }

  /** Follows redirects to where there are none more. */
  async visit(url: string, sent: Sent = {}): Promise<{ url: string; answer: Response }> {
    const answer = await this.request(url, sent);
    const location = answer.headers.get('location');
    return location === null ? { url, answer } : this.visit(new URL(location, url).href);
  }

  private keep(text: string): void {
    const [pair = '', ...attributes] = text.split(';').map((part) => part.trim());
    const at = pair.indexOf('=');
    if (attributes.some((attribute) => /^max-age=0$/i.test(attribute))) this.cookies.delete(pair.slice(0, at));
    else this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
  }
}

interface Sent {
  method?: string;
  headers?: Record<string, string>;
  form?: Record<string, string>;
}
