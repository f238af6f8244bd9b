/** One page of a list by `Page` (from 0) and `PageSize` (50 by default), with links to its neighbours. */
export interface Page<T> {
  items: T[];
  page: number;
  pageSize: number;
  first: string;
  previous: string | null;
  current: string;
  next: string | null;
}

/**
 * @param path where the list lives, as Twilio's own absolute URL (v1 products) or path (the 2010 API)
 * @param query the request's query, whose filters the links repeat
 */
export function pageOf<T>(all: T[], path: string, query: URLSearchParams): Page<T> {
  const page = Math.max(0, Number(query.get('Page') ?? 0) || 0);
  const pageSize = Math.min(1000, Math.max(1, Number(query.get('PageSize') ?? 50) || 50));
  const link = (number: number) => {
    const copy = new URLSearchParams(query);
    copy.delete('PageToken');
    copy.set('PageSize', String(pageSize));
    copy.set('Page', String(number));
    if (number > 0) copy.set('PageToken', `PT${number}`);
    return `${path}?${copy.toString()}`;
  };
  return {
    items: all.slice(page * pageSize, (page + 1) * pageSize),
    page,
    pageSize,
    first: link(0),
    previous: page > 0 ? link(page - 1) : null,
    current: link(page),
    next: (page + 1) * pageSize < all.length ? link(page + 1) : null,
  };
}

/** The envelope of the v1 products: the items under `key`, and `meta`. */
export function v1Envelope<T>(key: string, all: T[], path: string, query: URLSearchParams): Record<string, unknown> {
  const page = pageOf(all, path, query);
  return {
    [key]: page.items,
    meta: {
      page: page.page,
      page_size: page.pageSize,
      first_page_url: page.first,
      previous_page_url: page.previous,
      url: page.current,
      next_page_url: page.next,
      key,
    },
  };
}
