// One issue's life with @octokit/rest: a person writes and reviews, an App reports and merges.
// Argument: the folder of the packages. Standard input: the JSON of what is given ({url, owner,
// repo, token, app, secret}) and of the webhooks that arrived. Prints what it saw, as JSON.
import { createRequire } from "node:module";
import { text } from "node:stream/consumers";

const [folder] = process.argv.slice(2);
const { given, arrived } = JSON.parse(await text(process.stdin));
const { resolve } = createRequire(`${folder}/`);
const [{ Octokit }, { createAppAuth }, { Webhooks }] = await Promise.all(
  ["rest", "auth-app", "webhooks"].map((name) => import(resolve(`@octokit/${name}`))),
);
const { url, owner, repo, token, app, secret } = given;
const where = { owner, repo };
const seen = {};

const mona = new Octokit({ baseUrl: url, auth: token });
const asApp = new Octokit({ baseUrl: url, authStrategy: createAppAuth, auth: app });
const { data: found } = await asApp.rest.apps.getRepoInstallation(where);
const installed = new Octokit({
  baseUrl: url,
  authStrategy: createAppAuth,
  auth: { ...app, installationId: found.id },
});

for (const title of ["Prices are rounded down", "Second", "Third", "Fourth", "Fifth"]) {
  await mona.rest.issues.create({ ...where, title, body: "Please round." });
}
const issue = { ...where, issue_number: 1 };
await mona.rest.issues.addLabels({ ...issue, labels: ["agent-ready"] });
const { data: said } = await mona.rest.issues.createComment({ ...issue, body: "One" });
await mona.rest.issues.updateComment({ ...where, comment_id: said.id, body: "Two" });
const comments = await mona.rest.issues.listComments(issue);
seen.comments = comments.data.map(({ body }) => body);
const listed = await mona.paginate(mona.rest.issues.listForRepo, { ...where, per_page: 2 });
seen.issues = listed.map(({ number }) => number);
const { data: events } = await mona.rest.issues.listEvents(issue);
seen.events = events.map(({ event }) => event);

const { data: main } = await mona.rest.git.getRef({ ...where, ref: "heads/main" });
await mona.rest.git.createRef({ ...where, ref: "refs/heads/work", sha: main.object.sha });
const path = "price.py";
const { data: old } = await mona.rest.repos.getContent({ ...where, path });
const { data: written } = await mona.rest.repos.createOrUpdateFileContents({
  ...where,
  path,
  branch: "work",
  message: "fix: round",
  sha: old.sha,
  content: Buffer.from("def price(x):\n    return round(x)\n").toString("base64"),
});
const head = written.commit.sha;
const { data: pull } = await mona.rest.pulls.create({
  ...where,
  title: "Round prices",
  head: "work",
  base: "main",
  body: "Closes #1",
});
const number = { ...where, pull_number: pull.number };
const { data: files } = await mona.rest.pulls.listFiles(number);
seen.files = files.map(({ filename, additions, deletions }) => [filename, additions, deletions]);
const diff = await mona.rest.pulls.get({ ...number, mediaType: { format: "diff" } });
seen.diff = diff.data.split("\n").filter((line) => line.startsWith("+ "));

const review = { commit_id: head, event: "APPROVE", body: "Fine" };
const { data: reviewed } = await installed.rest.pulls.createReview({ ...number, ...review });
seen.review = [reviewed.state, reviewed.user.type, reviewed.commit_id === head];
const check = { name: "tests", head_sha: head, status: "completed", conclusion: "success" };
await installed.rest.checks.create({ ...where, ...check });
const { data: runs } = await installed.rest.checks.listForRef({ ...where, ref: head });
seen.checks = runs.check_runs.map(({ name, conclusion }) => [name, conclusion]);
await mona.rest.repos.createCommitStatus({ ...where, sha: head, state: "success", context: "ci" });
const { data: status } = await mona.rest.repos.getCombinedStatusForRef({ ...where, ref: head });
seen.status = status.state;

const refused = await installed.rest.pulls
  .merge({ ...number, sha: "0".repeat(40) })
  .catch((error) => error);
seen.refused = refused.status;
const merge = { ...number, sha: head, merge_method: "squash" };
const { data: merged } = await installed.rest.pulls.merge(merge);
seen.merged = merged.merged;
const { data: after } = await mona.rest.issues.get(issue);
seen.issue = [after.state, after.labels.map(({ name }) => name)];
const asked = `query ($owner: String!, $repo: String!) {
  repository(owner: $owner, name: $repo) { issue(number: 1) { state labels(first: 5) { nodes { name } } } }
}`;
seen.graphql = (await mona.graphql(asked, { owner, repo })).repository.issue;

const webhooks = new Webhooks({ secret });
seen.verified = await Promise.all(
  arrived.map(({ body, signature }) => webhooks.verify(body, signature)),
);
seen.forged = await webhooks.verify(`${arrived[0].body} `, arrived[0].signature);
console.log(JSON.stringify(seen));
