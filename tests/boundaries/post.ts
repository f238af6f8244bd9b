/** A place on a wire at which one thing that passes is stopped: before it arrives, or with its answer on the way back. */
export interface Post<Item> {
  side: 'before' | 'after';
  matches: (item: Item) => boolean;
}

export interface Posted<Item> extends Post<Item> {
  /** When it stopped something, epoch ms; null while nothing has come by. */
  heldAt: number | null;
}

/** The posts of one gate. What they stop never goes on: the worker is killed, and its connections die with it. */
export class Posts<Item> {
  private posted: Posted<Item>[] = [];

  arm(post: Post<Item>): Posted<Item> {
    const posted = { ...post, heldAt: null };
    this.posted.push(posted);
    return posted;
  }

  /** The post that stops this item on this side, marked by the caller once it stands. */
  stopping(side: Post<Item>['side'], item: Item): Posted<Item> | null {
    return this.posted.find((post) => post.side === side && post.matches(item)) ?? null;
  }

  clear(): void {
    this.posted = [];
  }
}

/** Marks a post; the first time counts. */
export function stand(post: Posted<never>): void {
  post.heldAt ??= Date.now();
}
