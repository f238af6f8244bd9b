import { describe, expect, it } from 'vitest';
import { readSandboxConfig } from './config.js';
import { startSandbox } from './server.js';

describe('the settings', () => {
  it('have defaults', () => {
    expect(readSandboxConfig({})).toMatchObject({ port: 4010, smtpPort: 4025, dataDir: null });
  });

  it('come from the environment', () => {
    const config = readSandboxConfig({
      SANDBOX_PORT: '0',
      SANDBOX_SMTP_PORT: '4100',
      SANDBOX_DATA_DIR: '/data',
      SANDBOX_STRIPE_WEBHOOK_URL: 'http://127.0.0.1:3000/webhooks/stripe',
    });
    expect(config).toMatchObject({ port: 0, smtpPort: 4100, dataDir: '/data' });
    expect(config.destinations).toEqual({ stripe: 'http://127.0.0.1:3000/webhooks/stripe' });
  });

  it.each(['SANDBOX_PORT', 'SANDBOX_SMTP_PORT', 'SANDBOX_STRIPE_WEBHOOK_URL'])('are refused by name: %s', (name) => {
    expect(() => readSandboxConfig({ [name]: 'many' })).toThrow(name);
  });

  it('with a taken mail port leave nothing open', async () => {
    const first = await startSandbox();
    const port = Number(new URL(first.url).port);
    const smtpPort = Number(new URL(first.smtpUrl).port);
    await expect(startSandbox({ smtpPort })).rejects.toMatchObject({ code: 'EADDRINUSE', port: smtpPort });
    await expect(startSandbox({ port })).rejects.toMatchObject({ code: 'EADDRINUSE', port });
    await first.close();
    const again = await startSandbox({ port, smtpPort });
    expect(again.url).toBe(first.url);
    await again.close();
  });
});
