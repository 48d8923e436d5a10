// Shared by all report pages: the data, building elements, writing numbers with their units, the theme, sections, tiles
// and sortable tables. Text from outside only ever becomes text nodes. charts.js adds charts to the same object.
'use strict';
const Muster = (() => {
  const byId = id => document.getElementById(id);
  const data = JSON.parse(byId('data').textContent);

  // An element. `attrs`: attributes by name; on* are listeners, `style` an object, null and false are left out.
  // Children: elements, text, lists of these, null.
  function h(tag, attrs, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attrs || {})) {
      if (value == null || value === false) continue;
      if (name.startsWith('on'))
        element.addEventListener(name.slice(2), value);
      else if (name === 'style')
        for (const [k, v] of Object.entries(value)) element.style.setProperty(k, v);
      else
        element.setAttribute(name, value === true ? '' : value);
    }
    element.append(...children.flat(Infinity).filter(c => c != null));
    return element;
  }

  // --- Numbers in words. All take null for "there is none".
  const NONE = '–';
  const formats = new Map();
  function format(digits) {
    if (!formats.has(digits)) formats.set(digits, new Intl.NumberFormat('en', {maximumFractionDigits: digits}));
    return formats.get(digits);
  }
  const number = (value, digits = 1) => value == null ? NONE : format(digits).format(value);
  // Three significant digits or all whole ones: 0.0123, 1.23, 123, 12,345.
  function short(value) {
    if (value == null) return NONE;
    const size = Math.abs(value);
    const digits = size === 0 || size >= 100 ? 0 : Math.min(6, Math.max(0, 2 - Math.floor(Math.log10(size))));
    return number(value, digits);
  }
  const percent = (ratio, digits = 1) => ratio == null ? NONE : number(100 * ratio, digits) + ' %';
  // Seconds as 45 s, 3 min 20 s, 5 h 10 min, 2 d 4 h.
  function duration(seconds) {
    if (seconds == null) return NONE;
    const steps = [[86400, 'd'], [3600, 'h'], [60, 'min'], [1, 's']];
    const sign = seconds < 0 ? '-' : '';
    let left = Math.abs(seconds);
    if (left < 1 && left > 0) return sign + number(left, 2) + ' s';
    left = Math.round(left);
    const at = steps.findIndex(([size]) => left >= size);
    if (at < 0) return '0 s';
    const [size, unit] = steps[at];
    const first = Math.floor(left / size), next = steps[at + 1];
    const second = next ? Math.floor((left - first * size) / next[0]) : 0;
    return sign + number(first) + ' ' + unit + (second > 0 ? ' ' + second + ' ' + next[1] : '');
  }
  // What amounts of a resource are called: "GPUs", "cores", "bytes".
  function unitOf(resource) {
    if (/gpu/i.test(resource)) return 'GPUs';
    if (/tpu/i.test(resource)) return 'TPUs';
    if (/neuron/i.test(resource)) return 'Neuron devices';
    if (resource === 'cpu') return 'cores';
    if (/^(memory|ephemeral-storage|hugepages-.*)$/.test(resource)) return 'bytes';
    return resource.split('/').pop();
  }
  const unit = unitOf(data.resource || '');
  const hours = unit.replace(/s$/, '') + '-hours';

  // --- Points in time. A trace counts seconds from anywhere; what can only be seconds since 1970 is shown as UTC.
  const begin = data.begin || 0;
  const isUtc = begin >= 315532800;
  const two = value => String(value).padStart(2, '0');
  function time(seconds) {
    if (seconds == null) return NONE;
    if (isUtc) return new Date(seconds * 1000).toISOString().replace('T', ' ').replace('.000Z', '');
    const at = Math.round(seconds - begin), day = Math.floor(at / 86400), rest = at - day * 86400;
    return (day ? 'day ' + day + ', ' : '') + two(Math.floor(rest / 3600)) + ':' + two(Math.floor(rest / 60) % 60) +
        ':' + two(rest % 60);
  }
  const timeUnit = isUtc ? 'UTC' : 'since the begin';

  // --- The theme: the system's, until the button says otherwise.
  const themeListeners = [];
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const stored = {
    get() {
      try {
        return localStorage.getItem('muster-theme');
      } catch {
        return null;
      }
    },
    set(value) {
      try {
        localStorage.setItem('muster-theme', value);
      } catch { /* lasts as long as the page */
      }
    },
  };
  function applyTheme(choice) {
    if (choice === 'light' || choice === 'dark') document.documentElement.dataset.theme = choice;
    const isDark = (document.documentElement.dataset.theme || (dark.matches ? 'dark' : 'light')) === 'dark';
    const button = byId('theme');
    button.textContent = isDark ? 'Light theme' : 'Dark theme';
    colours.clear();
    for (const listener of themeListeners) listener();
    return isDark;
  }
  // The colour that a CSS variable stands for now: canvases do not know variables.
  const colours = new Map();
  function colour(variable) {
    if (!colours.has(variable)) {
      const probe = h('span', {style: {color: `var(${variable})`}});
      document.body.append(probe);
      colours.set(variable, getComputedStyle(probe).color);
      probe.remove();
    }
    return colours.get(variable);
  }
  const PALETTE = 10;
  const paletteOf = index => index == null || index < 0 ? '--other' : '--c' + index % PALETTE;

  // --- Sections, each with a link in the navigation.
  const links = h('ul', {});
  byId('sections').append(h('div', {}, links, h('div', {id: 'range-slot'})));
  function section(id, title, intro) {
    const element =
        h('section', {class: 'card', id, 'aria-labelledby': id + '-title'}, h('h2', {id: id + '-title'}, title),
          intro ? h('p', {}, intro) : null);
    byId('main').append(element);
    links.append(h('li', {}, h('a', {href: '#' + id}, title)));
    return element;
  }
  function say(text) {
    byId('status').textContent = text;
  }

  // Figures to see first: [{label, value, extra}].
  const tiles = list =>
      h('dl', {class: 'tiles'},
        list.map(
            t =>
                h('div', {}, h('dt', {}, t.label), h('dd', {class: 'value'}, t.value),
                  t.extra ? h('dd', {class: 'extra'}, t.extra) : null)));

  const swatch = variable =>
      h('span', {class: 'swatch', style: {background: `var(${variable})`}, 'aria-hidden': 'true'});

  // A table that its column heads sort. columns: [{label, unit, value: row => number, text or null, show:
  // (value, row) => text or element, text: true for words}]; sort: [column, "ascending" | "descending"]; total: a row
  // below all others. Shows `page` rows, and more on demand.
  function table({caption, columns, rows, sort, total, page = 50}) {
    let order = rows.slice(), shown = page;
    let [by, direction] = sort || [null, 'descending'];
    const body = h('tbody', {});
    const more = h('button', {
      type: 'button',
      onclick: () => {
        shown += 10 * page;
        fill();
      }
    });
    const heads = columns.map(
        (column, index) =>
            h('th', {scope: 'col', class: column.text ? null : 'number'},
              h('button', {type: 'button', onclick: () => sortBy(index)}, column.label),
              column.unit ? h('small', {}, column.unit) : null));
    const cell = (column, row, index) => {
      const value = column.value(row),
            content = column.show ? column.show(value, row) :
          value == null           ? NONE :
          column.text             ? value :
                                    number(value);
      return h(
          index === 0 ? 'th' : 'td', {scope: index === 0 ? 'row' : null, class: column.text ? 'text' : 'number'},
          content);
    };
    const line = row => h('tr', {}, columns.map((column, index) => cell(column, row, index)));
    function fill() {
      body.replaceChildren(...order.slice(0, shown).map(line));
      more.hidden = order.length <= shown;
      more.textContent = `Show more (${number(order.length - shown)} left)`;
    }
    function sortBy(index) {
      if (by === index)
        direction = direction === 'ascending' ? 'descending' : 'ascending';
      else
        direction = columns[index].text ? 'ascending' : 'descending';
      by = index;
      sortRows();
      say(`Sorted by ${columns[index].label}${columns[index].unit ? ', ' + columns[index].unit : ''}, ${direction}`);
    }
    function sortRows() {
      const column = columns[by], sign = direction === 'ascending' ? 1 : -1;
      order = rows.slice().sort((a, b) => {
        const x = column.value(a), y = column.value(b);
        if (x == null || y == null) return (x == null) - (y == null);  // what is not there comes last
        return sign * (column.text ? String(x).localeCompare(String(y), 'en', {numeric: true}) : x - y);
      });
      heads.forEach(
          (head, i) => i === by ? head.setAttribute('aria-sort', direction) : head.removeAttribute('aria-sort'));
      fill();
    }
    by == null ? fill() : sortRows();
    return h(
        'div', {},
        h('div', {class: 'scroll', tabindex: '0', role: 'region', 'aria-label': caption},
          h('table', {class: 'data'}, h('caption', {}, caption), h('thead', {}, h('tr', {}, heads)), body,
            total ? h('tfoot', {}, line(total)) : null)),
        more);
  }

  dark.addEventListener('change', () => applyTheme());
  byId('theme').addEventListener('click', () => {
    const next = applyTheme() ? 'light' : 'dark';
    stored.set(next);
    applyTheme(next);
  });
  applyTheme(stored.get());
  return {
    data,
    h,
    NONE,
    number,
    short,
    percent,
    duration,
    time,
    timeUnit,
    isUtc,
    begin,
    unit,
    hours,
    unitOf,
    section,
    say,
    tiles,
    table,
    swatch,
    colour,
    paletteOf,
    onTheme: listener => themeListeners.push(listener)
  };
})();
