/** Who is on the other side. An application's own user type extends it. */
export interface User {
  /** Names the user across connections: `app.disconnect({ user })` and the like go by it. */
  readonly id: string;
}
