// Requests to the server, and what it refuses.

// The server has understood and will not do it: asking again would not help.
export class RequestRefused extends Error {}

// Gives the answer. With a body it is a POST of JSON. Throws RequestRefused or another Error, with
// the server's hint; a TypeError where the server does not answer.
export async function request(path, body) {
  const options = body && {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  };
  const answer = await fetch(path, options);
  if (answer.ok) return answer;
  const text = await answer.text();
  let fault = { error: text.trim() || answer.statusText, hint: "" };
  try {
    fault = JSON.parse(text);
  } catch { /* a plain sentence */ }
  const Kind = answer.status < 500 ? RequestRefused : Error;
  throw Object.assign(new Kind(fault.error), { hint: fault.hint, status: answer.status });
}

export const requestJson = async (path, body) => (await request(path, body)).json();

// An error as a person reads it.
export const explain = ({ message, hint }, separator = "; ") => [message, hint].filter(Boolean).join(separator);
