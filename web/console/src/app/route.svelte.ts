// Where the person is: `/w/WINDOW` and `/w/WINDOW/c/CONVERSATION`.

type Place = { window: string | null; conversation: string | null };

const parse = (path: string): Place => {
  const found = /^\/w\/([^/]+)(?:\/c\/([^/]+))?\/?$/.exec(path);
  return { window: found?.[1] ?? null, conversation: found?.[2] ?? null };
};

class Route {
  place = $state<Place>(parse(location.pathname));

  constructor() {
    addEventListener('popstate', () => {
      this.place = parse(location.pathname);
    });
  }

  go(window: string | null, conversation: string | null = null, replace = false) {
    const path = window ? `/w/${window}${conversation ? `/c/${conversation}` : ''}` : '/';
    if (path !== location.pathname) history[replace ? 'replaceState' : 'pushState'](null, '', path);
    this.place = { window, conversation };
  }
}

export const route = new Route();
