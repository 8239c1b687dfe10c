// The reference clients of graphql-transport-ws and graphql-sse against a server: prints what each was told.
// node clients.mjs URL TOKEN QUERY SUBSCRIPTION DEFERRED
import { createClient as overSocket } from 'graphql-ws'
import { createClient as overEvents } from 'graphql-sse'
import WebSocket from 'ws'

const [url, token, query, subscription, deferred] = process.argv.slice(2)
const authorization = `Bearer ${token}`

const socket = overSocket({
  url: url.replace('http', 'ws'),
  webSocketImpl: WebSocket,
  connectionParams: { authorization },
  retryAttempts: 0,
  lazy: true,
})
const events = overEvents({ url, headers: { authorization }, singleConnection: false, retryAttempts: 0 })

async function first(client, query) {
  const results = client.iterate({ query })
  const { value } = await results.next()
  await results.return()
  return value.data ?? value
}

async function all(client, query) {
  const results = []
  for await (const result of client.iterate({ query })) results.push(result)
  return results
}

async function refusal(client, query) {
  try {
    return await first(client, query)
  } catch (errors) {
    return { errors }
  }
}

const told = {}
for (const [name, client] of Object.entries({ socket, events })) {
  told[name] = {
    query: await first(client, query),
    event: await first(client, subscription),
    parts: await all(client, deferred),
    refusal: await refusal(client, '{ nothing }'),
  }
  await client.dispose()
}
console.log(JSON.stringify(told))
