import assert from "node:assert/strict";
import { test } from "node:test";

import { excerpt, readingMinutes, slugify, uniqueSlug } from "../src/slugs.js";

test("a title becomes lower case with a dash", () => {
  assert.equal(slugify("Hello World"), "hello-world");
});

test("punctuation and accents are dropped", () => {
  assert.equal(slugify("Crème brûlée!"), "creme-brulee");
});

test("a taken slug gets a number", () => {
  assert.equal(uniqueSlug("Hello World", ["hello-world"]), "hello-world-2");
  assert.equal(uniqueSlug("Hello World", []), "hello-world");
});

test("a text is cut at the end of a word", () => {
  assert.equal(excerpt("one two three", 7), "one two…");
  assert.equal(excerpt("short", 10), "short");
});

test("reading takes at least a minute", () => {
  assert.equal(readingMinutes("a few words"), 1);
  assert.equal(readingMinutes("word ".repeat(401)), 3);
});
