/** Registers, records an expense and lists expenses, with the types that openapi-typescript makes of the document. */

import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

type Expense = components["schemas"]["TransactionBody"];
type Problem = components["schemas"]["Problem"];

const server = process.argv[2] ?? "http://127.0.0.1:8000";

/** Return the body of an answer, or end with the server's own words. */
function bodyOf<T>(answer: { data?: T; error?: Problem }): T {
  if (answer.data === undefined) throw new Error(answer.error?.detail ?? "The server sent no body.");
  return answer.data;
}

const anyone = createClient<paths>({ baseUrl: server });
const username = `reader-${crypto.randomUUID().slice(0, 8)}`;
const reader = { username, email: `${username}@example.org`, password: "violet-Kettle-42" };
const { token } = bodyOf(await anyone.POST("/api/v1/auth/register/", { body: reader }));

const api = createClient<paths>({ baseUrl: server, headers: { Authorization: `Token ${token}` } });
const coffee = { amount: "4.50", description: "STARBUCKS 0815", date: "2026-11-02" };
const expense: Expense = bodyOf(await api.POST("/api/v1/expenses/", { body: coffee }));
console.log(`recorded ${expense.amount} ${expense.currency}, category ${expense.category_name}`);

const page = bodyOf(await api.GET("/api/v1/expenses/", { params: { query: { search: "starbucks" } } }));
console.log(`found ${page.count}: ${page.results.map((one) => one.description).join(", ")}`);

const wrong = await api.POST("/api/v1/expenses/", { body: { ...coffee, amount: "much" } });
console.log(`refused with ${wrong.response.status}: ${wrong.error?.detail}`);
