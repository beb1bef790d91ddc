// Raw open / message / close on a connection, without a protocol. Serve it: deno serve --allow-net examples/raw_component.ts
// #region component
import { App } from "@troupe/core";

const app = new App()
  .component("/echo", { message: (conn, data) => conn.send(data) })
  .component("/lobby/:name", {
    open(conn) {
      conn.subscribe(conn.params.name);
      return { messages: 0 };
    },
    message(conn, data) {
      conn.state.messages++;
      conn.publish(conn.params.name, data); // to all the others
    },
    error: (conn, error) => conn.send(`sorry: ${error}`),
  });

export default app;
// #endregion
