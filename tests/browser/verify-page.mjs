// The verifier's page in a real browser. BASE_URL is the service; RECORDS is a folder with verified.json, refused.json and
// many.json (a presentation of two records). With SCREENSHOTS, a picture of each page is kept in that folder.


import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test, after, before } from "node:test";

import { launch, lowContrast, overflow, watchedPage } from "./browser.mjs";

const baseUrl = process.env.BASE_URL;
const folder = process.env.RECORDS;
const phone = { viewport: { width: 360, height: 740 }, hasTouch: true };
const desk = { viewport: { width: 1280, height: 900 } };

let browser;
before(async () => {
  browser = await launch();
});
after(async () => {
  await browser?.close();
});

const record = (name) => join(folder, `${name}.json`);

async function picture(page, name) {
  if (process.env.SCREENSHOTS) {
    await page.screenshot({ path: join(process.env.SCREENSHOTS, `${name}.png`), fullPage: true });
  }
}

async function assertReadable({ page, complaints }, name) {
  await picture(page, name);
  assert.equal(await page.locator("html").getAttribute("lang"), "en");
  assert.equal(await page.locator("h1").count(), 1);
  assert.ok((await overflow(page)) <= 0, `${name} scrolls sideways`);
  assert.deepEqual(await lowContrast(page), [], `${name}: low contrast`);
  assert.deepEqual(complaints, [], name);
}

async function readVerdict(page) {
  await page.locator("article.verdict").first().waitFor();
  const verdict = await page.locator("article.verdict h2").allTextContents();
  const answers = await page.locator("article.verdict").first().locator("li.axis .answer strong").allTextContents();
  const dates = await page.locator("article.verdict").first().locator(".facts time").allTextContents();
  return { verdict, answers, dates };
}

async function drop(page, path) {
  const file = { name: path.split("/").pop(), text: readFileSync(path, "utf8") };
  const dataTransfer = await page.evaluateHandle(({ name, text }) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([text], name, { type: "application/json" }));
    return transfer;
  }, file);
  await page.dispatchEvent("#drop", "dragenter", { dataTransfer });
  assert.ok(await page.locator("#drop.over").isVisible(), "the place to drop on is marked");
  await page.dispatchEvent("#drop", "drop", { dataTransfer });
}

test("a record picked on a phone is verified", async () => {
  const watched = await watchedPage(browser, baseUrl, phone);
  const { page } = watched;
  await page.goto(baseUrl);
  await assertReadable(watched, "form-phone");
  await page.setInputFiles("#document", record("verified"));
  await page.getByRole("button", { name: "Verify" }).click();
  const { verdict, answers, dates } = await readVerdict(page);
  assert.deepEqual(verdict, ["Verified"]);
  assert.equal(answers.length, 6);
  assert.equal(dates.length, 3, "claimed, logged, as of");
  await assertReadable(watched, "verified-phone");
});

test("a record dropped at a desk is refused in words", async () => {
  const watched = await watchedPage(browser, baseUrl, desk);
  const { page } = watched;
  await page.goto(baseUrl);
  await assertReadable(watched, "form-desk");
  await drop(page, record("refused"));
  const { verdict, answers } = await readVerdict(page);
  assert.deepEqual(verdict, ["Refused"]);
  assert.ok(answers.includes("failed"), answers.join());
  assert.match(await page.title(), /^Refused/);
  await assertReadable(watched, "refused-desk");
});

test("without script the form works as it stands, by keyboard alone", async () => {
  const watched = await watchedPage(browser, baseUrl, { ...phone, javaScriptEnabled: false });
  const { page } = watched;
  await page.goto(baseUrl);
  assert.equal(await page.getByText("You can also drop the file").isVisible(), false);
  await page.setInputFiles("#document", record("refused"));
  await page.getByRole("button", { name: "Verify" }).focus();
  await page.keyboard.press("Enter");
  assert.deepEqual((await readVerdict(page)).verdict, ["Refused"]);
  await page.getByRole("link", { name: "Verify another file" }).click();
  assert.ok(await page.getByLabel("The file").isVisible());
});

test("everything is reached by keyboard, in order, and the six answers are words", async () => {
  const watched = await watchedPage(browser, baseUrl, desk);
  const { page } = watched;
  await page.goto(baseUrl);
  const press = async (key, name) => {
    await page.keyboard.press(key);
    const focused = await page.evaluate(() => {
      const { id, textContent } = document.activeElement;
      const { outlineStyle, outlineWidth } = getComputedStyle(document.activeElement);
      return { name: id || textContent.trim(), shown: outlineStyle !== "none" && Number.parseFloat(outlineWidth) >= 2 };
    });
    assert.deepEqual(focused, { name, shown: true });
  };
  await press("Tab", "Go to the content");
  await press("Tab", "document");
  const choosing = page.waitForEvent("filechooser");
  await page.keyboard.press("Enter");
  await (await choosing).setFiles(record("refused"));
  await press("Tab", "More about the question");
  await press("Tab", "Verify");
  await page.keyboard.press("Enter");
  await readVerdict(page);
  const axes = await page.locator("article.verdict li.axis").evaluateAll((items) =>
    items.map((item) => ({
      question: item.querySelector("h4").innerText,
      answer: item.querySelector(".answer strong").innerText,
      text: item.querySelector("p:not(.answer):not(.code)").innerText,
    })),
  );
  assert.equal(axes.length, 6);
  for (const { question, answer, text } of axes) {
    assert.match(question, /\?$/);
    assert.match(answer, /^(good|warning|failed|not checked|does not apply)$/);
    assert.match(text, /\w+ \w+.*\.$/s);
  }
  assert.deepEqual(watched.complaints, []);
});

test("a presentation of several records has a verdict for each", async () => {
  const watched = await watchedPage(browser, baseUrl, phone);
  const { page } = watched;
  await page.goto(baseUrl);
  await page.setInputFiles("#document", record("many"));
  await page.getByRole("button", { name: "Verify" }).click();
  const { verdict } = await readVerdict(page);
  assert.equal(verdict.length, 2);
  await page.locator(".overview a").nth(1).click();
  assert.match(page.url(), /#verdict-2$/);
  await assertReadable(watched, "many-phone");
});

test("a wrong day brings the form back with a sentence", async () => {
  const watched = await watchedPage(browser, baseUrl, phone);
  const { page } = watched;
  await page.goto(baseUrl);
  await page.getByText("More about the question").click();
  await page.getByLabel("Check as of this day").evaluate((input) => {
    input.type = "text";
    input.value = "tomorrow";
  });
  await page.setInputFiles("#document", record("verified"));
  await page.getByRole("button", { name: "Verify" }).click();
  await page.getByRole("alert").waitFor();
  assert.match(await page.getByRole("alert").textContent(), /2026-11-22/);
  await assertReadable(watched, "alert-phone");
});
