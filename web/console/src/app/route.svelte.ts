// Where the person is: `/w/WINDOW` and `/w/WINDOW/c/CONVERSATION` at the desk, `/admin/…` where things are set up.
// Whatever is being changed and not saved yet may ask first before the place is left.

type Place = { window: string | null; conversation: string | null; admin: readonly string[] | null };

const parse = (path: string): Place => {
  const admin = /^\/admin(?:\/(.*))?$/.exec(path);
  if (admin) {
    const parts = (admin[1] ?? '').split('/').filter((part) => part !== '');
    return { window: null, conversation: null, admin: parts.map((part) => decodeURIComponent(part)) };
  }
  const found = /^\/w\/([^/]+)(?:\/c\/([^/]+))?\/?$/.exec(path);
  return { window: found?.[1] ?? null, conversation: found?.[2] ?? null, admin: null };
};

class Route {
  place = $state<Place>(parse(location.pathname));
  /** Whether something would be lost by leaving; given how to leave all the same. */
  private keeper: ((leave: () => void) => boolean) | null = null;
  private path = location.pathname;

  constructor() {
    addEventListener('popstate', () => {
      const wanted = location.pathname;
      if (wanted === this.path) return;
      if (this.keeper?.(() => this.enter(wanted, false, true))) {
        history.pushState(null, '', this.path);
        return;
      }
      this.path = wanted;
      this.place = parse(wanted);
    });
  }

  /** Asks before the place is left; gives what ends that. */
  guard(keeper: (leave: () => void) => boolean): () => void {
    this.keeper = keeper;
    return () => {
      if (this.keeper === keeper) this.keeper = null;
    };
  }

  go(window: string | null, conversation: string | null = null, replace = false) {
    this.enter(window ? `/w/${window}${conversation ? `/c/${conversation}` : ''}` : '/', replace);
  }

  /** To a page of the administration. */
  admin(...parts: string[]) {
    this.enter(['/admin', ...parts.map(encodeURIComponent)].join('/'));
  }

  enter(path: string, replace = false, force = false) {
    if (!force && path !== this.path && this.keeper?.(() => this.enter(path, replace, true))) return;
    if (path !== location.pathname) history[replace ? 'replaceState' : 'pushState'](null, '', path);
    this.path = path;
    this.place = parse(path);
  }
}

export const route = new Route();
