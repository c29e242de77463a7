using System.Collections;
using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Runtime.CompilerServices;

namespace Alloc.Processors.Allocation.Policy;

/// <summary>A row of a decision table.</summary>
public interface IPolicyRow
{
    /// <summary>Id of the row, unique in its document; shows up in the trace of a decision.</summary>
    string Id { get; }

    /// <summary>The pools it is for.</summary>
    PoolPattern Pools { get; }
}

/// <summary>Makes tables from collection expressions.</summary>
public static class PolicyTable
{
    /// <summary>A table of these rows, in this order.</summary>
    public static PolicyTable<TRow> Create<TRow>(ReadOnlySpan<TRow> rows)
        where TRow : IPolicyRow => new([.. rows]);
}

/// <summary>
/// The rows of a decision table, in order. Two tables are equal when their rows are. The rows that match a pool are
/// found by the text of its id, not by trying each row.
/// </summary>
[CollectionBuilder(typeof(PolicyTable), nameof(PolicyTable.Create))]
public sealed class PolicyTable<TRow>(ImmutableArray<TRow> rows) : IReadOnlyList<TRow>, IEquatable<PolicyTable<TRow>>
    where TRow : IPolicyRow
{
    private readonly Lazy<Index> index = new(() => new Index(rows));

    /// <inheritdoc/>
    public int Count => rows.Length;

    /// <inheritdoc/>
    public TRow this[int index] => rows[index];

    /// <summary>The rows whose pattern matches the pool, in order.</summary>
    public ImmutableArray<TRow> For(string poolId) => rows.IsEmpty ? [] : index.Value.For(poolId);

    /// <summary>The first row whose pattern matches the pool; null where none does.</summary>
    public TRow? First(string poolId)
    {
        var matching = For(poolId);
        return matching.IsEmpty ? default : matching[0];
    }

    /// <inheritdoc/>
    public bool Equals(PolicyTable<TRow>? other) => other is not null && this.SequenceEqual(other);

    /// <inheritdoc/>
    public override bool Equals(object? obj) => Equals(obj as PolicyTable<TRow>);

    /// <inheritdoc/>
    public override int GetHashCode() => rows.Length;

    /// <summary>The rows, in order.</summary>
    public ImmutableArray<TRow>.Enumerator GetEnumerator() => rows.GetEnumerator();

    IEnumerator<TRow> IEnumerable<TRow>.GetEnumerator() => ((IEnumerable<TRow>)rows).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => ((IEnumerable)rows).GetEnumerator();

    /// <summary>
    /// All patterns that match a pool are its own id and prefixes of its longest matching prefix, so what matches is
    /// worked out once for each id that has rows and once for each prefix.
    /// </summary>
    private sealed class Index
    {
        private readonly ImmutableArray<TRow> rows;
        private readonly FrozenSet<string> ids;
        private readonly FrozenSet<string> prefixes;
        private readonly FrozenSet<string>.AlternateLookup<ReadOnlySpan<char>> prefixOf;
        private readonly int[] lengths;
        private readonly ConcurrentDictionary<string, ImmutableArray<TRow>> byId = new(StringComparer.Ordinal);
        private readonly ConcurrentDictionary<string, ImmutableArray<TRow>> byPrefix = new(StringComparer.Ordinal);

        public Index(ImmutableArray<TRow> rows)
        {
            this.rows = rows;
            ids = rows.Where(row => !row.Pools.IsPrefix).Select(row => row.Pools.Text)
                .ToFrozenSet(StringComparer.Ordinal);
            prefixes = rows.Where(row => row.Pools.IsPrefix).Select(row => row.Pools.Prefix)
                .ToFrozenSet(StringComparer.Ordinal);
            prefixOf = prefixes.GetAlternateLookup<ReadOnlySpan<char>>();
            lengths = [.. prefixes.Select(prefix => prefix.Length).Distinct().OrderDescending()];
        }

        public ImmutableArray<TRow> For(string poolId)
        {
            if (ids.Contains(poolId))
            {
                return byId.GetOrAdd(poolId, id => [.. rows.Where(row => row.Pools.Matches(id))]);
            }
            foreach (var length in lengths)
            {
                if (length <= poolId.Length && prefixOf.TryGetValue(poolId.AsSpan(0, length), out var prefix))
                {
                    return byPrefix.GetOrAdd(
                        prefix, text => [.. rows.Where(row => row.Pools.IsPrefix && row.Pools.Matches(text))]);
                }
            }
            return [];
        }
    }
}
