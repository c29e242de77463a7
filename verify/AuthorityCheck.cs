namespace Alloc.Verify;

/// <summary>
/// Who decides about which pools, as a partition was told by transfers: no decision under another epoch than its
/// slice's, and no grant while somebody else decides.
/// </summary>
/// <param name="findings">Where what is wrong goes.</param>
/// <param name="isShadow">
/// Whether the journal is the shadow's: it grants while the mode is Shadow, and takes imports then.
/// </param>
internal sealed class AuthorityCheck(Findings findings, bool isShadow)
{
    private const string Authoritative = "Authoritative";
    private const string Frozen = "Frozen";
    private const string Shadow = "Shadow";
    private readonly Dictionary<string, ObservedTransfer> slices = new(StringComparer.Ordinal);

    /// <summary>The last transfer of each slice.</summary>
    public IReadOnlyDictionary<string, ObservedTransfer> Slices => slices;

    /// <summary>Checks the next outcome of the journal.</summary>
    public void Check(ObservedOutcome outcome)
    {
        if (outcome is { Transfer: { } transfer, Answer: AnswerKind.Original })
        {
            slices[transfer.Slice] = transfer with { TimeMs = outcome.TimeMs };
        }
        // Where nobody made the pool, the partition answers; the slice is that of the pool that was named.
        if (outcome.AboutPoolId.StartsWith('$') || SliceOf(outcome.AboutPoolId) is not { } slice)
        {
            return;
        }
        if (outcome.Epoch != slice.Epoch)
        {
            findings.Add(FindingKind.WrongEpoch, outcome.PoolId, outcome.At,
                $"{outcome.Event} was decided under epoch {outcome.Epoch}; {slice.Slice} has epoch {slice.Epoch} since "
                + $"{slice.TimeMs}");
        }
        var isImport = outcome.Event == Events.Imported;
        var mode = isShadow ? Shadow : isImport ? Frozen : Authoritative;
        if (slice.Mode != mode && outcome.Postings.Any(p => p is { Entry: Events.Held, Account: Account.Held }))
        {
            findings.Add(FindingKind.NotAuthoritative, outcome.PoolId, outcome.At,
                $"{outcome.Event} grants units although {slice.Slice} is {slice.Mode}, owner {slice.Owner}");
        }
    }

    // The longest pattern wins; a pool itself is longer than the prefix of the same letters.
    private ObservedTransfer? SliceOf(string poolId)
    {
        ObservedTransfer? found = null;
        var longest = -1;
        foreach (var (pattern, transfer) in slices)
        {
            var isPrefix = pattern.EndsWith('*');
            var length = isPrefix ? (2 * pattern.Length) - 2 : (2 * pattern.Length) + 1;
            var fits = isPrefix
                ? poolId.StartsWith(pattern[..^1], StringComparison.Ordinal)
                : poolId == pattern;
            if (fits && length > longest)
            {
                (found, longest) = (transfer, length);
            }
        }
        return found;
    }
}

/// <summary>What the transfers of one partition came to.</summary>
/// <param name="Partition">The partition.</param>
/// <param name="Slices">The last transfer of each slice.</param>
/// <param name="ReadUpToMs">The log's clock where its journal was read to.</param>
/// <param name="HasMovedOn">Whether its journal grew since: a later transfer may be in what was not read.</param>
/// <param name="Undecided">Its commands that no outcome answers yet: the transfer may be one of them.</param>
internal sealed record PartitionAuthority(
    int Partition, IReadOnlyDictionary<string, ObservedTransfer> Slices, long ReadUpToMs, bool HasMovedOn,
    long Undecided);

/// <summary>
/// A transfer is complete when every partition has it: same slice, mode, owner and epoch. Nothing is said of a
/// partition that has not decided all its commands: that it has to do so is said elsewhere.
/// </summary>
internal static class TransferCheck
{
    public static void Check(IReadOnlyCollection<PartitionAuthority> partitions, string journal, Findings findings)
    {
        foreach (var slice in partitions.SelectMany(p => p.Slices.Keys).Distinct(StringComparer.Ordinal))
        {
            var newest = partitions.Where(p => p.Slices.ContainsKey(slice)).Select(p => p.Slices[slice])
                .OrderByDescending(t => t.Epoch).ThenByDescending(t => t.TimeMs).First();
            foreach (var partition in partitions)
            {
                var has = partition.Slices.GetValueOrDefault(slice);
                var isUnread = partition.Undecided > 0
                    || (partition.HasMovedOn && newest.TimeMs >= partition.ReadUpToMs);
                if (!isUnread && (has is null || has with { TimeMs = newest.TimeMs } != newest))
                {
                    findings.Add(FindingKind.TransferIncomplete, $"$partition/{partition.Partition}",
                        new Position(journal, partition.Partition, -1),
                        $"{slice} is {newest.Show()} in other partitions; here "
                        + (has is null ? "it was never transferred" : $"it is {has.Show()}")
                        + ". The same transfer again finishes it.");
                }
            }
        }
    }
}
