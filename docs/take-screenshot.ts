import { chromium } from 'playwright-core';

/**
 * Takes the picture of an appointment in the Temporal UI for docs/operations.md, from the running stack:
 * node dev/run.mjs docs/take-screenshot.ts <Temporal UI's address> <appointment id>
 */
const [ui, appointmentId] = process.argv.slice(2);
if (ui === undefined || appointmentId === undefined)
  throw new Error('Say the Temporal UI’s address and an appointment’s id.');

const browser = await chromium.launch({
  executablePath: '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-background-networking'],
});
try {
  const page = await browser.newPage({ viewport: { width: 1400, height: 980 } });
  await page.goto(`${ui}/namespaces/default/workflows/appointment-${appointmentId}`);
  await page.getByText('User Metadata').click();
  await page.frameLocator('iframe').last().getByText('To activate by hand').waitFor(); // the UI asks the worker for the current details
  await page.screenshot({ path: new URL('./images/temporal-ui.png', import.meta.url).pathname });
  process.stdout.write(`${page.url()}\n`);
} finally {
  await browser.close();
}
