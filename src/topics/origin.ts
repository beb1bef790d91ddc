/** Who waits for a publication's commit. */
export interface Origin {
  /** A publication of its own is committed and fanned out. */
  committed(): void;
  /** A publication of its own could not be stored: nobody gets it. `cause`: see `Publication.cause`. */
  failed(cause: string | null): void;
}
