"""Places for the nodes of a graph without cycles: columns from left to right, few crossings.

The way of Sugiyama, Tagawa and Toda (1981): columns, then an order within each, then heights.
"""

from itertools import pairwise

import numpy as np

_SWEEPS = 24
_THIN = 0.45  # the room that an arrow needs on its way through a column; a node needs 1


def layered_layout(nodes, edges, rooms=None):
    """Place the nodes so that all edges lead to the right.

    Parameters
    ----------
    nodes : list of hashable
        Each after those that edges lead from to it.
    edges : list of (source, target)
    rooms : dict, optional
        Node → the height it needs, by default 1.

    Returns
    -------
    places : dict
        Node → (column, height), columns from 0; neighbours in a column are at least half the room
        of each apart.
    ways : dict
        Edge → the places it passes on its way, one for each column between its ends.
    """
    columns = _columns(nodes, edges)
    chains = {edge: _chain(edge, columns) for edge in dict.fromkeys(edges)}
    # From here on an edge over several columns is a chain of short ones over points of its own.
    column_of = dict(columns)
    for chain in chains.values():
        for point in chain[1:-1]:
            column_of[point] = point[2]
    links = [link for chain in chains.values() for link in pairwise(chain)]
    layers = [[] for _ in range(max(column_of.values(), default=-1) + 1)]
    for item, column in column_of.items():
        layers[column].append(item)
    before, after = _neighbours(column_of, links)
    layers = _fewest_crossings(layers, before, after)
    rooms = dict.fromkeys(column_of, _THIN) | dict.fromkeys(nodes, 1.0) | (rooms or {})
    heights = _heights(layers, before, after, rooms)
    places = {item: (column_of[item], heights[item]) for item in column_of}
    ways = {edge: [places[point] for point in chain[1:-1]] for edge, chain in chains.items()}
    return {node: places[node] for node in nodes}, ways


def _columns(nodes, edges):
    """Return each node's column: after all it depends on; what reads only inputs stands late."""
    column = dict.fromkeys(nodes, 0)
    before, after = _neighbours(nodes, edges)
    for node in nodes:
        for target in after[node]:
            column[target] = max(column[target], column[node] + 1)
    inputs = {node for node in nodes if not before[node]}
    for node in reversed(nodes):
        if after[node] and inputs.issuperset(before[node]):
            column[node] = min(column[target] for target in after[node]) - 1
    return column


def _chain(edge, columns):
    source, target = edge
    return [
        source,
        *((source, target, c) for c in range(columns[source] + 1, columns[target])),
        target,
    ]


def _neighbours(items, links):
    before, after = ({item: [] for item in items} for _ in range(2))
    for source, target in links:
        after[source].append(target)
        before[target].append(source)
    return before, after


def _fewest_crossings(layers, before, after):
    """Return the best order found in sweeps to and fro that sort each layer by its neighbours."""
    best, fewest = layers, crossings(layers, after)
    for sweep in range(_SWEEPS):
        forward = sweep % 2 == 0
        layers = _sorted_by(layers, before if forward else after, forward)
        number = crossings(layers, after)
        if number < fewest:
            best, fewest = layers, number
    return best


def _sorted_by(layers, neighbours, forward):
    layers = list(layers)
    for c in range(len(layers)) if forward else reversed(range(len(layers))):
        position = {item: i for layer in layers for i, item in enumerate(layer)}
        means = {
            item: np.mean([position[n] for n in neighbours[item]])
            if neighbours[item]
            else position[item]
            for item in layers[c]
        }
        layers[c] = sorted(layers[c], key=means.get)
    return layers


def crossings(layers, after):
    """Count the pairs of short edges that cross."""
    number = 0
    for layer, following in pairwise(layers):
        position = {item: i for i, item in enumerate(following)}
        ends = [(i, position[n]) for i, item in enumerate(layer) for n in after[item]]
        number += sum((i - j) * (m - n) < 0 for k, (i, m) in enumerate(ends) for j, n in ends[:k])
    return number


def _heights(layers, before, after, rooms):
    """Return heights near those of the neighbours that keep order and distances, top first."""
    height, gaps = {}, []
    for layer in layers:
        room = np.array([rooms[item] for item in layer])
        gaps.append(np.concatenate([[0.0], (room[1:] + room[:-1]) / 2]).cumsum())
        height.update(zip(layer, gaps[-1][-1] / 2 - gaps[-1], strict=True))
    for sweep in range(_SWEEPS):
        order = range(len(layers)) if sweep % 2 == 0 else reversed(range(len(layers)))
        for c in order:
            wanted = [
                np.mean([height[n] for n in before[item] + after[item]] or [height[item]])
                for item in layers[c]
            ]
            height.update(zip(layers[c], _spread(wanted, gaps[c]), strict=True))
    return {item: float(value) for item, value in height.items()}


def _spread(wanted, gaps):
    """Return the falling heights nearest to those wanted that lie at least the gaps apart.

    With the gaps added, falling by at least a gap is not rising at all: the least squares solution
    replaces stretches that rise by their mean.
    """
    blocks = []
    for value in np.asarray(wanted) + gaps:
        blocks.append((value, 1))
        while len(blocks) > 1 and blocks[-1][0] > blocks[-2][0]:
            (a, m), (b, n) = blocks.pop(), blocks.pop()
            blocks.append(((a * m + b * n) / (m + n), m + n))
    return np.concatenate([np.full(n, value) for value, n in blocks]) - gaps
