// PostGraphile as its pages show it, on the same tables, in one process. It knows no tokens, licences, limits or rates:
// who asks is a variable of the operation. Settings come as JSON on standard input.

import { createServer } from "node:http";
import { text } from "node:stream/consumers";

import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/node";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { makePgSmartTagsPlugin } from "postgraphile/utils";

const settings = JSON.parse(await text(process.stdin));

// Likes have no foreign key to what is liked.
const likes = makePgSmartTagsPlugin({
  kind: "class",
  match: "liked_tracks",
  tags: { foreignKey: "(track_id) references tracks (id)" },
});

const instance = postgraphile({
  extends: [PostGraphileAmberPreset],
  plugins: [likes],
  pgServices: [makePgService({ connectionString: settings.postgres_url, schemas: ["public"] })],
  grafserv: { graphqlPath: "/graphql", graphiql: false, watch: false },
  grafast: { explain: false },
});
const server = createServer();
await instance.createServ(grafserv).addTo(server);
server.listen(settings.port, "127.0.0.1");
