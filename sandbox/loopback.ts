const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * The sandbox never talks to anything but this machine.
 * @throws Error in one sentence when the URL is unreadable, not http(s), or points elsewhere.
 */
export function assertLoopback(url: string): void {
  if (!isLoopback(url)) throw new Error(`The sandbox sends webhooks to this machine only, not to ${url}.`);
}

export function isLoopback(url: string): boolean {
  try {
    const { protocol, hostname } = new URL(url);
    return /^https?:$/.test(protocol) && LOOPBACK.test(hostname);
  } catch {
    return false;
  }
}
