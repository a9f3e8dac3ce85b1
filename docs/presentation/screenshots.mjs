// Pictures of MLflow's interface for the slides, taken in a real browser.
//   npm install --no-save puppeteer-core
//   MLFLOW_TRACKING_URI=http://… [MLFLOW_TRACKING_USERNAME=… MLFLOW_TRACKING_PASSWORD=…] \
//     node docs/presentation/screenshots.mjs <main run> <registered model>
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import puppeteer from "puppeteer-core";

const [run, model] = process.argv.slice(2);
const { MLFLOW_TRACKING_URI: url, MLFLOW_TRACKING_USERNAME: username } = process.env;
const password = process.env.MLFLOW_TRACKING_PASSWORD;
const here = dirname(fileURLToPath(import.meta.url));
const browser = await puppeteer.launch({
  executablePath: process.env.CHROME_PATH ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const page = await browser.newPage();
await page.setViewport({ width: 1440, height: 860 });
if (username) await page.authenticate({ username, password });

const settled = () => new Promise((resolve) => setTimeout(resolve, 5000));
const click = async (selector) => {
  await page.locator(selector).setTimeout(5000).click().catch(() => {});
  await settled();
};

const closeAssistant = async () => {
  const open = await page.evaluate(() => document.body.innerText.includes("MLflow Assistant"));
  if (open) await page.mouse.click(page.viewport().width - 36, 36);
};
const expand = () =>
  page.evaluate((id) => {
    const link = [...document.querySelectorAll("a")].find((one) => one.href.includes(id));
    const row = link?.closest("[role=row]");
    const all = [...document.querySelectorAll(`[row-id="${row?.getAttribute("row-id")}"] button`)];
    all.at(0)?.click();
  }, run);

// The workspace is that of a server with users; a server without has none and does not mind.
for (const [name, path, clicks, then] of [
  ["ui-runs", "experiments/0/runs", ["::-p-text(Model training)"], expand],
  ["ui-run", `experiments/0/runs/${run}`, ["::-p-text(Show more)"]],
  ["ui-model", `models/${model}`, ["::-p-text(Tags)"]],
]) {
  await page.goto(`${url}/#/${path}?workspace=default`, { waitUntil: "networkidle2" });
  await settled();
  await closeAssistant();
  for (const one of clicks) await click(one);
  await then?.();
  await page.mouse.move(700, 5);
  await settled();
  await page.screenshot({ path: `${here}/${name}.png` });
}
await browser.close();
