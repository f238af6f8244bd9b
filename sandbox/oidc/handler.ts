import type { IncomingMessage, ServerResponse } from 'node:http';
import type Provider from 'oidc-provider';
import { escapeHtml, page } from '../html.js';

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const PREFIX = '/oidc';

/** Serves the provider below `/oidc`, and the page on which a person says who they are. */
export function oidcHandler(provider: Provider): Handler {
  const callback = provider.callback();
  return (request, response) => {
    const url = request.url ?? '';
    if (url.startsWith(`${PREFIX}/interaction/`)) {
      signIn(provider, request, response).catch((error: unknown) => {
        const message = error instanceof Error ? error.message : String(error);
        send(
          response,
          400,
          page('Sign-in', `<p>This sign-in can't go on: ${escapeHtml(message)}. Start again from the app.</p>`),
        );
      });
      return;
    }
    (request as IncomingMessage & { originalUrl?: string }).originalUrl = url;
    request.url = url.slice(PREFIX.length) || '/';
    void callback(request, response);
  };
}

async function signIn(provider: Provider, request: IncomingMessage, response: ServerResponse): Promise<void> {
  await provider.interactionDetails(request, response);
  const form = request.method === 'POST' ? new URLSearchParams(await readBody(request)) : new URLSearchParams();
  const name = form.get('sign_in')?.trim();
  if (name) {
    await provider.interactionFinished(request, response, { login: { accountId: name } });
    return;
  }
  const missing = request.method === 'POST' ? '<p role="alert">Type a sign-in name.</p>' : '';
  send(response, missing ? 422 : 200, page('Sign in', `${missing}${SIGN_IN_FORM}`));
}

const SIGN_IN_FORM = `<p>This is the development sign-in. Any name will do; the seeded ones are printed at start.</p>
<form method="post">
  <label for="sign_in">Sign-in name</label>
  <input id="sign_in" name="sign_in" autofocus required autocomplete="username">
  <button type="submit">Sign in</button>
</form>`;

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function send(response: ServerResponse, status: number, html: string): void {
  response.writeHead(status, { 'content-type': 'text/html; charset=utf-8' }).end(html);
}
