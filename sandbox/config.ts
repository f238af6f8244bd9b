import { z } from 'zod';
import type { SandboxOptions } from './server.js';

const port = z.coerce.number().int().min(0).max(65_535);

const environment = z.object({
  SANDBOX_PORT: port.default(4010),
  SANDBOX_SMTP_PORT: port.default(4025),
  SANDBOX_DATA_DIR: z.string().min(1).optional(),
  SANDBOX_STRIPE_WEBHOOK_URL: z.url().optional(),
  SANDBOX_RAZORPAY_WEBHOOK_URL: z.url().optional(),
});

/** Reads the sandbox's settings. @throws Error that names the variable that can't be used */
export function readSandboxConfig(env: Record<string, string | undefined> = process.env): Required<SandboxOptions> {
  const parsed = environment.safeParse(env);
  if (!parsed.success) throw new Error(`The sandbox's settings can't be used.\n${z.prettifyError(parsed.error)}`);
  const { data } = parsed;
  return {
    port: data.SANDBOX_PORT,
    smtpPort: data.SANDBOX_SMTP_PORT,
    dataDir: data.SANDBOX_DATA_DIR ?? null,
    destinations: { stripe: data.SANDBOX_STRIPE_WEBHOOK_URL, razorpay: data.SANDBOX_RAZORPAY_WEBHOOK_URL },
  };
}
