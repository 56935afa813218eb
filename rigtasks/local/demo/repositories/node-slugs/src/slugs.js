// Turns titles into words that can stand in a link.

const LONGEST = 60;

/** Writes a title in lower case with dashes between its words. */
export function slugify(title) {
  const plain = title.normalize("NFKD").replace(/[^\w\s-]/g, "");
  return plain.trim().toLowerCase().replace(" ", "-").slice(0, LONGEST);
}

/** Returns the slug, with a number behind it when it is already taken. */
export function uniqueSlug(title, taken) {
  const slug = slugify(title);
  let candidate = slug;
  for (let number = 2; taken.includes(candidate); number += 1) {
    candidate = `${slug}-${number}`;
  }
  return candidate;
}

/** Cuts a text to a number of characters, at the end of a word. */
export function excerpt(text, length) {
  if (text.length <= length) {
    return text;
  }
  const cut = text.slice(0, length + 1);
  return `${cut.slice(0, cut.lastIndexOf(" "))}…`;
}

/** Says how many minutes a text takes to read. */
export function readingMinutes(text, wordsPerMinute = 200) {
  const words = text.split(/\s+/).filter(Boolean).length;
  return Math.max(1, Math.ceil(words / wordsPerMinute));
}
