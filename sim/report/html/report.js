// The page about one replay: data.cc says what it is given.
'use strict';
(() => {
  const M = Muster, {h, data, unit, hours} = M;
  const total = data.total, series = data.series, length = data.end - data.begin;
  const lineOf = new Map(series.lines.map((line, i) => [line.team, i]));
  const teamName = t => t == null || t < 0 ? 'others' : (data.teams[t] || {name: 'team ' + (t + 1)}).name;
  const teamColor = t => lineOf.has(t) ? M.paletteOf(lineOf.get(t)) : '--other';
  const lineName = line => line.team == null ? `${M.number(line.others)} other queues` : teamName(line.team);
  const dashOf = i => i >= 10 ? [6, 3] : undefined;
  const named = t => h('span', {}, M.swatch(teamColor(t)), h('bdi', {}, teamName(t)));
  const amount = v => `${M.short(v)} ${unit}`;
  const axisAmount = (v, axis) => axis ? M.short(v) : amount(v);
  const plural = (n, one, many) => `${M.number(n)} ${n === 1 ? one : many}`;
  const sum = pick => series.at.map((_, b) => series.lines.reduce((s, line) => s + pick(line)[b], 0));
  const mean = values => values.length ? values.reduce((a, b) => a + b, 0) / values.length : 0;
  const each = `Each step is the mean over ${M.duration(series.width)}.`;
  const figures = data.figures;
  M.view.controls();

  const quotaSeconds =
      series.quota.reduce((s, q, b) => s + q * (Math.min(series.at[b] + series.width, data.end) - series.at[b]), 0);
  const utilisation = quotaSeconds > 0 ? total.hours * 3600 / quotaSeconds : null;
  document.getElementById('main').append(h('section', {'aria-label': 'Overview'}, M.tiles([
    {
      label: 'Utilisation of all quota',
      value: M.percent(utilisation),
      extra: `${M.short(series.capacity)} ${unit} of quota`
    },
    {label: `${hours} used`, value: M.short(total.hours), extra: `${M.short(total.borrowed)} of them borrowed`},
    {
      label: 'Jobs finished',
      value: M.number(total.finished),
      extra: `of ${M.number(total.jobs)}; ${M.number(total.never)} never started`
    },
    {label: 'Median wait', value: M.duration(total.wait50), extra: `99th percentile ${M.duration(total.wait99)}`},
    {label: 'Longest wait', value: M.duration(total.waitMax), extra: `mean ${M.duration(total.waitMean)}`},
    {
      label: 'Preemptions',
      value: M.number(total.preemptions),
      extra: `${M.short(data.preemptions.causes.reduce((s, c) => s + c.lost, 0))} ${hours} lost`
    },
    {label: 'Most jobs waiting', value: M.number(total.peakQueue), extra: 'at once, after deciding'},
    ...(figures && figures.delay_s ? [{
      label: 'Delay, mean',
      value: M.duration(figures.delay_s.mean),
      extra: `${M.duration(figures.delay_s.least_mean)} at least, under any policy`
    }] :
                                     []),
    ...(figures && figures.showback ?
            [{label: 'Cost', value: M.short(figures.showback.total), extra: 'of what was used, at the given prices'}] :
            []),
    {label: 'Length of the replay', value: M.duration(length), extra: `from ${M.time(data.begin)}`},
  ])));

  // --- Teams.
  const teams = M.section(
      'teams', 'Teams',
      'A team is a ClusterQueue. Waits are from submission to the first start; used, borrowed and lent over all time.');
  const share = (of, all) => all > 0 ? of / all : null;
  const wait = (key, unit) => ({label: 'Wait', unit, value: t => t.started ? t[key] : null, show: M.duration});
  const fair = data.policy.fairSharing;
  const weights = new Map(data.policy.queues.map(q => [q.name, q.weight]));
  teams.append(M.table({
    caption: `${plural(data.teams.length, 'queue', 'queues')}${
        data.teamCount > data.teams.length ? ` of ${M.number(data.teamCount)}` : ''}`,
    rows: data.teams,
    total,
    page: 30,
    columns: [
      {
        label: 'Queue',
        text: true,
        value: t => t.name,
        show: (v, t) => t === total ? 'All' : named(data.teams.indexOf(t))
      },
      {label: 'Cohort', text: true, value: t => t.cohort ?? ''},
      {label: 'Quota', unit, value: t => t.nominal, show: M.short},
      {label: 'Jobs', value: t => t.jobs},
      {label: 'Finished', value: t => t.finished},
      {label: 'Never started', value: t => t.never},
      {label: 'Preempted', unit: 'times', value: t => t.preemptions},
      wait('waitMean', 'mean'),
      wait('wait50', 'median'),
      wait('wait90', '90 %'),
      wait('wait99', '99 %'),
      wait('waitMax', 'longest'),
      {label: 'Completion', unit: 'mean', value: t => t.finished ? t.jct : null, show: M.duration},
      {label: 'Slowdown', unit: 'times', value: t => t.finished ? t.slowdown : null, show: M.short},
      {label: 'Used', unit: hours, value: t => t.hours, show: M.short},
      {label: 'Borrowed', unit: hours, value: t => t.borrowed, show: M.short},
      {
        label: 'Lent',
        unit: hours,
        value: t => t === total ? data.teams.reduce((s, x) => s + x.lent, 0) : t.lent,
        show: M.short
      },
      {
        label: 'Utilisation',
        unit: 'of its quota',
        value: t => t.nominal > 0 ? t.utilisation : null,
        show: v => M.percent(v)
      },
      {label: 'Most waiting', unit: 'jobs', value: t => t.peakQueue},
    ]
  }));

  // --- Groups: the same jobs by what else they have in common.
  if (figures) {
    const waitOf = (key, unit) =>
        ({label: 'Wait', unit, value: g => g.started ? g.wait_s[key] : null, show: M.duration});
    const group = (caption, rows, nameless) => rows.length < 2 ? null : M.table({
      caption,
      rows: rows.map((g, i) => ({...g, order: i})),
      page: 12,
      columns: [
        {label: 'Name', text: true, value: g => g.order, show: (_, g) => h('bdi', {}, g.name || nameless)},
        {label: 'Jobs', value: g => g.jobs},
        {label: 'Never started', value: g => g.never_admitted},
        {label: 'Preempted', unit: 'times', value: g => g.preemptions},
        waitOf('mean', 'mean'),
        waitOf('p50', 'median'),
        waitOf('p90', '90 %'),
        waitOf('p99', '99 %'),
        waitOf('max', 'longest'),
        {label: 'Slowdown', unit: 'times', value: g => g.finished ? g.bounded_slowdown_mean : null, show: M.short},
        {label: 'Used', unit: hours, value: g => g.resource_hours, show: M.short},
        {label: 'Lost', unit: hours, value: g => g.lost_hours, show: M.short},
      ]
    });
    const tables = [
      group(`By size, in ${unit}`, figures.groups.sizes, M.NONE),
      group('By priority class', figures.groups.priority_classes, 'none'),
      group('By queue of the trace', figures.groups.queues, M.NONE)
    ].filter(Boolean);
    if (tables.length)
      M.section(
           'groups', 'Groups', 'The same jobs by what else they have in common: who waits, the large or the small?')
          .append(...tables);
  }

  // --- Usage.
  const usage =
      M.section('usage', 'Usage', `${each} Drag across a chart, or use the buttons above, to see a part of the time.`);
  const used = sum(line => line.used);
  const capacity = series.quota;
  usage.append(M.chart({
    title: `${unit} in use`,
    time: true,
    x: series.at,
    stacked: true,
    unit,
    show: axisAmount,
    height: 280,
    summary: `Mean ${amount(mean(used))} of a quota of ${amount(series.capacity)}.`,
    series: [
      ...series.lines.map(
          (line, i) => ({label: lineName(line), values: line.used, color: teamColor(line.team), fill: .55, width: 1})),
      {label: 'Quota of all', values: capacity, color: '--quota', dash: [5, 4]}
    ]
  }));
  usage.append(h(
      'div', {class: 'columns'}, M.chart({
        title: 'Utilisation',
        note: 'What is in use as a part of all quota.',
        time: true,
        x: series.at,
        unit: '%',
        show: v => M.number(v, 1) + ' %',
        summary: `Mean ${M.percent(utilisation)}.`,
        series: [{
          label: 'Utilisation',
          values: used.map((v, b) => capacity[b] > 0 ? 100 * v / capacity[b] : null),
          color: '--c0',
          fill: .2
        }]
      }),
      M.chart({
        title: 'Borrowed',
        note: 'What teams use beyond their own quota.',
        time: true,
        x: series.at,
        unit,
        show: axisAmount,
        stacked: true,
        legend: false,
        series: series.lines.map(
            line => ({label: lineName(line), values: line.borrowed, color: teamColor(line.team), fill: .55, width: 1}))
      })));

  const small = h('div', {class: 'columns', style: {'--column': '22rem'}});
  const teamChart = line => M.chart({
    title: lineName(line),
    time: true,
    x: series.at,
    unit,
    show: axisAmount,
    height: 150,
    series: [
      {label: 'Used', values: line.used, color: '--c0', fill: .25},
      {label: 'Borrowed', values: line.borrowed, color: '--c1', fill: .35},
      {label: 'Lent', values: line.lent, color: '--c3', width: 2}, ...(line.team == null ? [] : [{
        label: 'Quota',
        values: series.at.map(() => data.teams[line.team].nominal),
        color: '--quota',
        dash: [5, 4],
        quiet: true
      }])
    ]
  });
  const first = 6;
  small.append(...series.lines.slice(0, first).map(teamChart));
  usage.append(
      h('h3', {}, 'Each team'),
      h('p', {class: 'note'},
        'Borrowed is what lies beyond the team\'s own quota. Lent is the part of its unused quota that others of its ' +
            'cohort have borrowed; where several have unused quota, each is taken to lend in proportion.'),
      small);
  if (series.lines.length > first) {
    const more =
        h('button', {
          type: 'button',
          onclick: () => {
            small.append(...series.lines.slice(first).map(teamChart));
            more.remove();
          }
        },
          `Show ${plural(series.lines.length - first, 'more team', 'more teams')}`);
    usage.append(more);
  }

  // --- Queues.
  const queue = M.section('queues', 'Waiting', each);
  const waiting = (title, key, show, of) => M.chart({
    title,
    time: true,
    x: series.at,
    stacked: true,
    unit: of,
    show,
    height: 240,
    summary: `Mean ${show(mean(sum(line => line[key])))}.`,
    series: series.lines.map(
        line => ({label: lineName(line), values: line[key], color: teamColor(line.team), fill: .55, width: 1}))
  });
  queue.append(
      h('div', {class: 'columns'},
        waiting('Jobs that wait', 'jobs', (v, axis) => M.short(v) + (axis ? '' : ' jobs'), 'jobs'),
        waiting(`${unit} they ask for`, 'amount', axisAmount, unit)));

  // --- Waits.
  const waits = M.section('waits', 'Waits', 'How long jobs waited for their first start.');
  const steps = data.waitSteps, counted = data.teams.map(t => t.waits.reduce((a, b) => a + b, 0));
  const last =
      Math.max(2, ...data.teams.map(t => t.waits.reduce((at, n, i) => n ? Math.min(i + 1, steps.length - 1) : at, 0)));
  const xs = steps.slice(0, last + 1).map(s => Math.max(s, .5));
  const under = t => {
    let below = 0;
    return xs.map((_, i) => 100 * (below += data.teams[t].waits[i]) / counted[t]);
  };
  const shownTeams = series.lines.filter(l => l.team != null && counted[l.team]).map(l => l.team);
  waits.append(M.chart({
    title: 'Part of the jobs that waited no longer',
    note: 'Of the jobs that started. The steps of time grow by a third each.',
    x: xs,
    xLabel: 'No longer than',
    step: false,
    log: true,
    top: 100,
    unit: '%',
    height: 260,
    xShow: v => M.duration(v < 1 ? 0 : v),
    show: v => M.number(v, 1) + ' %',
    summary: shownTeams.slice(0, 8)
                 .map(
                     t => `${teamName(t)}: half waited at most ${
                         M.duration(data.teams[t].wait50)}, nine of ten at most ${M.duration(data.teams[t].wait90)}.`)
                 .join(' '),
    series: shownTeams.map(
        t => ({label: teamName(t), values: under(t), color: teamColor(t), width: 2, dash: dashOf(lineOf.get(t))}))
  }));
  if (data.longestWaits.length) {
    waits.append(M.table({
      caption: `The ${plural(data.longestWaits.length, 'longest wait', 'longest waits')}`,
      rows: data.longestWaits,
      page: 10,
      sort: [4, 'descending'],
      columns: [
        {label: 'Job', text: true, value: w => w.job},
        {label: 'Queue', text: true, value: w => teamName(w.team), show: (v, w) => named(w.team)},
        {label: 'Size', unit, value: w => w.amount, show: M.short},
        {label: 'Submitted', unit: M.timeUnit, value: w => w.submit, show: M.time},
        {label: 'Waited', value: w => w.wait, show: M.duration},
        {label: 'Then', text: true, value: w => w.started ? 'started' : 'still waited at the end'}
      ]
    }));
  } else
    waits.append(h('p', {class: 'note'}, 'No job waited.'));

  // --- Fairness.
  const fairness = M.section('fairness', 'Fairness', 'What each team used, against what it is entitled to.');
  const drawn = series.lines.filter(l => l.team != null).map(l => data.teams[l.team]);
  const weightOf = t => weights.get(t.name) ?? 1, weighed = drawn.reduce((s, t) => s + weightOf(t), 0);
  fairness.append(
      h('div', {class: 'columns'}, M.bars({
        title: `Share of all ${hours}`,
        note: fair ? 'Weights share out what is free beyond the quotas (fair sharing).' : null,
        show: v => M.percent(v),
        kinds: [
          {label: 'used', color: '--c0'}, {label: 'quota', color: '--other'},
          ...(fair ? [{label: 'weight', color: '--c3'}] : [])
        ],
        rows: drawn.map(t => ({
                          name: t.name,
                          values: [
                            share(t.hours, total.hours), share(t.nominal, series.capacity),
                            ...(fair ? [share(weightOf(t), weighed)] : [])
                          ]
                        }))
      }),
        M.chart({
          title: 'Used, as a part of the own quota',
          note: '100 % is exactly its quota; above it a team borrows.',
          time: true,
          x: series.at,
          unit: '%',
          height: 280,
          show: v => M.number(v, 0) + ' %',
          series: series.lines.filter(l => l.team != null && data.teams[l.team].nominal > 0)
                      .map(l => ({
                             label: teamName(l.team),
                             values: l.used.map(v => 100 * v / data.teams[l.team].nominal),
                             color: teamColor(l.team),
                             dash: dashOf(lineOf.get(l.team))
                           }))
        })));

  const inUse = series.at.map((_, b) => series.lines.reduce((s, l) => s + (l.team == null ? 0 : l.used[b]), 0));
  const basis = fair ? weightOf : t => t.nominal, basisOf = drawn.reduce((s, t) => s + basis(t), 0);
  if (drawn.length > 1 && basisOf > 0)
    fairness.append(M.chart({
      title: fair ? 'Share of what is in use, against the weight' : 'Share of what is in use, against the quota',
      note: 'Over time. 100 % is exactly the share a team is entitled to; below it a team has less, or asks for less.',
      time: true,
      x: series.at,
      unit: '%',
      height: 240,
      show: v => M.number(v, 0) + ' %',
      series:
          series.lines.filter(l => l.team != null && basis(data.teams[l.team]) > 0)
              .map(l => ({
                     label: teamName(l.team),
                     values: l.used.map(
                         (v, b) => inUse[b] > 0 ? 100 * v / inUse[b] / (basis(data.teams[l.team]) / basisOf) : null),
                     color: teamColor(l.team),
                     dash: dashOf(lineOf.get(l.team))
                   }))
    }));
  if (figures && figures.lending.loans.length)
    fairness.append(M.table({
      caption: 'Who lent to whom',
      rows: figures.lending.loans,
      page: 12,
      sort: [2, 'descending'],
      columns: [
        {label: 'Lender', text: true, value: l => l.lender ?? 'the cohort itself'},
        {label: 'Borrower', text: true, value: l => l.borrower},
        {label: 'Lent', unit: hours, value: l => l.resource_hours, show: M.short}
      ]
    }));
  if (figures && figures.showback)
    fairness.append(M.table({
      caption: 'Cost of what was used, at the given prices',
      rows: figures.showback.teams,
      page: 12,
      sort: [1, 'descending'],
      columns: [
        {label: 'Queue', text: true, value: t => t.name}, {label: 'Cost', value: t => t.cost, show: M.short},
        {label: 'Of all', value: t => share(t.cost, figures.showback.total), show: v => M.percent(v)}
      ]
    }));

  // --- Nodes.
  const nodes = data.nodes, pieces = figures && figures.nodes;
  if (nodes) {
    const what = nodes.level;
    const frag = M.section(
        'fragmentation', 'Fragmentation',
        `How much of what is free is in whole ${what}s. ${plural(nodes.places, what, what + 's')} with ${
            amount(nodes.capacity)}. ${each}`);
    frag.append(
        h('div', {class: 'columns'}, M.chart({
          title: `Whole ${what}s that are free`,
          time: true,
          x: series.at,
          unit: what + 's',
          show: (v, axis) => M.short(v) + (axis ? '' : ' ' + what + 's'),
          summary: `Mean ${M.short(mean(nodes.free))}.`,
          series: [
            {label: 'Free', values: nodes.free, color: '--c3', fill: .25},
            ...(pieces ? [{label: 'Could be free', values: pieces.freeable, color: '--c0', dash: [5, 4]}] : [])
          ]
        }),
          M.chart({
            title: `${unit} that are free`,
            note: `The gap is fragmentation: free, but on ${what}s that are in part in use.`,
            time: true,
            x: series.at,
            unit,
            show: axisAmount,
            series: [
              {label: 'Free anywhere', values: nodes.allFree, color: '--other', fill: .35},
              {label: `Free on whole ${what}s`, values: nodes.freeAmount, color: '--c3', fill: .4}
            ]
          })));
    if (pieces && (pieces.racks || pieces.unusable))
      frag.append(h(
          'div', {class: 'columns'},
          pieces.racks ? M.chart(
                             {
                               title: `Whole racks that are free`,
                               note: `${M.number(pieces.racks.of)} of the level ${pieces.racks.level}.`,
                               time: true,
                               x: series.at,
                               unit: 'racks',
                               show: (v, axis) => M.short(v) + (axis ? '' : ' racks'),
                               series: [
                                 {label: 'Free', values: pieces.racks.free, color: '--c3', fill: .25},
                                 {label: 'Could be free', values: pieces.racks.freeable, color: '--c0', dash: [5, 4]}
                               ]
                             }) :
                         null,
          pieces.unusable ? M.chart({
            title: `Free ${unit} of no use`,
            note:
                'To the pods that usually come: too little left on a node for them (fragmentation as FGD measures it).',
            time: true,
            x: series.at,
            unit,
            show: axisAmount,
            series: [{label: 'Of no use', values: pieces.unusable, color: '--c1', fill: .3}]
          }) :
                            null));
  }

  // --- Runs.
  const runs = data.runs, told = runs.start.length;
  const cause = i => runs.causes[runs.cause[i]];
  const causeText = name => ({
    Finished: 'finished',
    InClusterQueue: 'preempted within its ClusterQueue',
    InCohortReclamation: 'preempted: quota taken back within the cohort',
    InCohortFairSharing: 'preempted: fair sharing',
    InCohortReclaimWhileBorrowing: 'preempted: taken back while borrowing',
    FlavorMigration: 'moved to a better flavor',
    Livelock: 'set aside: jobs only pushed each other away'
  }[name] || name);
  const parts = [
    told < runs.of ? `The ${M.number(told)} largest of ${M.number(runs.of)} runs, by size times length: ${
                         M.percent(share(runs.hours, runs.ofHours))} of all ${hours}.` :
                     `All ${M.number(told)} runs.`,
    'A dark end is a run that was stopped for another job.'
  ];
  if (runs.atLeft) parts.push(`For ${plural(runs.atLeft, 'run', 'runs')} the nodes are left out.`);
  if (runs.ofPlaces > runs.places.length && runs.places.length)
    parts.push(`${M.number(runs.places.length)} of ${M.number(runs.ofPlaces)} nodes.`);
  const timeline = M.section('runs', 'Runs', parts.join(' '));
  const describe = i =>
      [h('b', {}, runs.job[i]), runs.run[i] > 1 ? ` (run ${runs.run[i]})` : '',
       ` of ${teamName(runs.team[i])}: ${amount(runs.amount[i])} for ${M.duration(runs.length[i])} from ${
           M.time(data.begin + runs.start[i])}`,
       `, after ${M.duration(runs.start[i] - runs.queued[i])} in the queue; ${causeText(cause(i))}`,
       runs.at[i] && runs.at[i].length ? `; on ${runs.at[i].slice(0, 4).map(p => runs.places[p]).join(', ')}${
                                             runs.at[i].length > 4 ? ` and ${runs.at[i].length - 4} more` : ''}` :
                                                                     '',
       '.'];
  if (told) {
    timeline.append(M.gantt({runs, teamName, teamColor, describe}));
    const details = h('details', {class: 'fallback'}, h('summary', {}, 'Runs as a table'));
    details.addEventListener('toggle', () => {
      if (details.childElementCount > 1) return;
      details.append(M.table({
        caption: 'Runs',
        rows: runs.start.map((_, i) => i),
        page: 25,
        sort: [6, 'descending'],
        columns: [
          {label: 'Job', text: true, value: i => runs.job[i]}, {label: 'Run', value: i => runs.run[i]},
          {label: 'Queue', text: true, value: i => teamName(runs.team[i])},
          {label: 'Size', unit, value: i => runs.amount[i], show: M.short},
          {label: 'Start', unit: M.timeUnit, value: i => data.begin + runs.start[i], show: M.time},
          {label: 'Length', value: i => runs.length[i], show: M.duration},
          {label: 'Held', unit: hours, value: i => runs.amount[i] * runs.length[i] / 3600, show: M.short},
          {label: 'In the queue before', value: i => runs.start[i] - runs.queued[i], show: M.duration},
          {label: 'End', text: true, value: i => causeText(cause(i))}
        ]
      }));
    });
    timeline.append(details);
  } else
    timeline.append(h('p', {class: 'note'}, 'No job ran.'));

  // --- Preemptions.
  const {causes, pairs, ofPairs} = data.preemptions;
  const preemptions = M.section(
      'preemptions', 'Preemptions',
      causes.length ? `Why runs were stopped, and for whom. ${
                          data.resume ? 'Stopped jobs went on where they were stopped.' :
                                        'Stopped jobs started over: what they had run is lost.'}` :
                      'No run was stopped.');
  if (causes.length) {
    preemptions.append(
        h('div', {class: 'columns'}, M.table({
          caption: 'By cause',
          rows: causes,
          sort: [1, 'descending'],
          columns: [
            {
              label: 'Cause',
              text: true,
              value: c => c.cause,
              show: v => [v, h('br'), h('small', {class: 'muted'}, causeText(v))]
            },
            {label: 'Stops', value: c => c.count},
            {label: 'Held until then', unit: hours, value: c => c.held, show: M.short},
            {label: 'Lost', unit: hours, value: c => c.lost, show: M.short}
          ]
        }),
          M.table({
            caption: `By team${
                ofPairs > pairs.length ? `, the ${M.number(pairs.length)} most frequent of ${M.number(ofPairs)}` : ''}`,
            rows: pairs,
            page: 12,
            sort: [3, 'descending'],
            columns: [
              {label: 'For', text: true, value: p => p.by < 0 ? M.NONE : teamName(p.by)},
              {label: 'Stopped', text: true, value: p => teamName(p.of)},
              {label: 'Cause', text: true, value: p => p.cause}, {label: 'Stops', value: p => p.count},
              {label: 'Held until then', unit: hours, value: p => p.held, show: M.short},
              {label: 'Lost', unit: hours, value: p => p.lost, show: M.short}
            ]
          })));
  }

  // --- The policy.
  const policy = M.section(
      'policy', 'Policy',
      `What the replay of ${data.trace} ran under.${
          data.policy.left ? ` ${M.number(data.policy.left)} rows are left out.` : ''}`);
  const settings = [
    ...data.policy.settings,
    {name: 'A preempted job', value: data.resume ? 'goes on where it was stopped (--resume)' : 'starts over'}, {
      name: 'Trace',
      value: `${data.trace}: ${plural(total.jobs, 'job', 'jobs')}${
          data.skippedRows ? `, ${plural(data.skippedRows, 'broken row', 'broken rows')} skipped` : ''}`
    },
    {
      name: 'Decided in',
      value: `${plural(data.cycles, 'cycle', 'cycles')}, ${plural(data.decisions, 'decision', 'decisions')}${
          data.livelocks ? `; ${plural(data.livelocks, 'loop', 'loops')} of jobs that pushed each other aside broken` :
                           ''}`
    }
  ];
  policy.append(h('dl', {class: 'settings'}, settings.map(s => [h('dt', {}, s.name), h('dd', {}, s.value)])));
  const text = (label, key, words = {}) =>
      ({label, text: true, value: row => row[key] == null ? null : words[row[key]] ?? row[key]});
  policy.append(M.table({
    caption: 'ClusterQueues',
    rows: data.policy.queues,
    page: 20,
    columns: [
      text('ClusterQueue', 'name'), text('Cohort', 'cohort'), text('Queueing', 'strategy'),
      ...(fair ? [{label: 'Weight', value: q => q.weight, show: M.short}] : []),
      text('Preempts within the queue', 'withinClusterQueue'),
      text('Takes back within the cohort', 'reclaimWithinCohort'),
      text('Preempts while borrowing', 'borrowWithinCohort'), text('Stopped', 'stop', {None: 'no'})
    ]
  }));
  policy.append(M.table({
    caption: 'Quotas, as Kubernetes quantities',
    rows: data.policy.quotas,
    page: 20,
    columns: [
      text('Of', 'owner'), text('Kind', 'kind'), text('Flavor', 'flavor'), text('Resource', 'resource'),
      text('Nominal', 'nominal'), text('May borrow', 'borrowing'), text('May lend', 'lending')
    ]
  }));
  if (data.policy.cohorts.length)
    policy.append(M.table({
      caption: 'Cohorts',
      rows: data.policy.cohorts,
      page: 20,
      columns: [
        text('Cohort', 'name'), text('Parent', 'parent'),
        ...(fair ? [{label: 'Weight', value: c => c.weight, show: M.short}] : [])
      ]
    }));
  // For whoever measures how long the page takes.
  requestAnimationFrame(() => requestAnimationFrame(() => performance.mark('drawn')));
})();
