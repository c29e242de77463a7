using Alloc.Processors.Catalogue;
using Alloc.Processors.Records;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Processors.Reconciliation.Differences;

/// <summary>What is compared: a class of mismatches and what disagrees.</summary>
/// <param name="Class">The class.</param>
/// <param name="Kind">Kind of the scope: reservation, order, command, …</param>
/// <param name="Id">Its id.</param>
internal readonly record struct DifferenceKey(MismatchClass Class, string Kind, string Id)
{
    /// <summary>The id that it had before ids of two were told apart, which may be another's too; null: the same.
    /// </summary>
    public FormerId? Former { get; init; }

    /// <summary>What is made of two ids that may both have slashes, see <see cref="CompoundIds.Join"/>.</summary>
    /// <param name="mismatch">The class.</param>
    /// <param name="kind">Kind of the scope.</param>
    /// <param name="poolId">The pool.</param>
    /// <param name="id">What it is in the pool.</param>
    public static DifferenceKey InPool(MismatchClass mismatch, string kind, string poolId, string id) =>
        Of(mismatch, kind, CompoundIds.Join(poolId, id), CompoundIds.Plain(poolId, id), poolId);

    /// <summary>What has an id now and may stand under another one.</summary>
    public static DifferenceKey Of(MismatchClass mismatch, string kind, string id, string formerId, string poolId) =>
        new(mismatch, kind, id) { Former = id == formerId ? null : new FormerId(formerId, poolId) };

    /// <summary>Whether they are about the same.</summary>
    public bool Equals(DifferenceKey other) => Class == other.Class && Kind == other.Kind && Id == other.Id;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Class, Kind, Id);
}

/// <summary>An id that was made of two and does not say where the one ends.</summary>
/// <param name="Id">The id.</param>
/// <param name="PoolId">The pool that what has it must be of.</param>
internal readonly record struct FormerId(string Id, string PoolId);

/// <summary>How long a difference may stand, and where that follows from.</summary>
/// <param name="Time">How long; zero: not at all.</param>
/// <param name="Rule">class, stage &lt;id&gt;, effect &lt;id&gt;, policy, lag, or none.</param>
internal readonly record struct Tolerance(TimeSpan Time, string Rule)
{
    /// <summary>Nothing is tolerated.</summary>
    public static Tolerance None { get; } = new(TimeSpan.Zero, "none");

    /// <summary>It follows the measured lag, and the time counts while too little was measured; null: it is fixed.
    /// </summary>
    public LagFollowing? Follows { get; init; }

    /// <summary>What is added to a measured lag; a fixed time has it already.</summary>
    public TimeSpan Grace { get; init; }

    /// <summary>What it follows, or would if there were enough; null: it is fixed.</summary>
    public MeasuredLag? Lag { get; init; }

    /// <summary>The least that it can come to.</summary>
    public TimeSpan Earliest => Follows is { } follows && follows.AtLeast + Grace < Time
        ? follows.AtLeast + Grace : Time;

    /// <summary>What state keeps of one that follows; null: it is fixed.</summary>
    public FollowedTolerance? Kept => Follows is not { } follows ? null : new FollowedTolerance
    {
        FixedMs = (long)Time.TotalMilliseconds,
        FixedRule = Rule,
        AtLeastMs = (long)follows.AtLeast.TotalMilliseconds,
        AtMostMs = (long)follows.AtMost.TotalMilliseconds,
        GraceMs = (long)Grace.TotalMilliseconds,
    };

    /// <summary>The tolerance that state kept.</summary>
    public static Tolerance Of(FollowedTolerance kept) =>
        new(TimeSpan.FromMilliseconds(kept.FixedMs), kept.FixedRule)
        {
            Follows = new LagFollowing(
                TimeSpan.FromMilliseconds(kept.AtLeastMs), TimeSpan.FromMilliseconds(kept.AtMostMs)),
            Grace = TimeSpan.FromMilliseconds(kept.GraceMs),
        };
}

/// <summary>Who said something, and when: what settles a difference that awaited it is a pair that met.</summary>
/// <param name="Side">The side, see <see cref="Sides"/>.</param>
/// <param name="AtMs">When, milliseconds since 1970 UTC.</param>
internal readonly record struct SaidBy(string Side, long AtMs);

/// <summary>Two records of one truth that disagree.</summary>
/// <param name="Key">What disagrees.</param>
/// <param name="Left">The side that is measured by.</param>
/// <param name="Right">The other side.</param>
internal sealed record Finding(DifferenceKey Key, MismatchSide Left, MismatchSide Right)
{
    /// <summary>No silence is claimed: what was read says it.</summary>
    public const int NoClaim = -1;

    /// <summary>Since when they disagree, milliseconds since 1970 UTC; may be to come.</summary>
    public required long SinceMs { get; init; }

    /// <summary>
    /// When the word was heard that they disagree by, milliseconds since 1970 UTC, where its own time may be long
    /// before that: nobody could answer it earlier, so what is tolerated begins then.
    /// </summary>
    public long HeardAtMs { get; init; } = long.MinValue;

    /// <summary>topic/partition/offset of the record with which they began to.</summary>
    public required string Episode { get; init; }

    /// <summary>How long it may stand.</summary>
    public Tolerance Tolerance { get; init; } = Tolerance.None;

    /// <summary>Whose silence it claims, a number of the partition's claims.</summary>
    public int Claim { get; init; } = NoClaim;

    /// <summary>The side whose record would settle it; empty: its lag is not measured.</summary>
    public string Awaits { get; init; } = "";

    /// <summary>The pool, where there is one.</summary>
    public string? PoolId { get; init; }

    /// <summary>The order, where there is one.</summary>
    public string? OrderRef { get; init; }

    /// <summary>Who owns it, where that is not the class's owner.</summary>
    public string? Owner { get; init; }

    /// <summary>What a safe repair needs; null: no rule repairs it.</summary>
    public RepairFacts? Repair { get; init; }

    /// <summary>Why no rule repairs it.</summary>
    public string NoRepairWhy { get; init; } = "";

    /// <summary>Commands that a person may choose from.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>When the tolerance is over at the earliest.</summary>
    public long DueAtMs => After(Math.Max(SinceMs, HeardAtMs), (long)Tolerance.Earliest.TotalMilliseconds);

    /// <summary>When a tolerance is over that begins with what was heard.</summary>
    /// <param name="toleranceMs">It, in milliseconds.</param>
    public long HeardDueAtMs(long toleranceMs) => After(HeardAtMs, toleranceMs);

    private static long After(long atMs, long timeMs) => atMs > long.MaxValue - timeMs ? long.MaxValue : atMs + timeMs;
}

/// <summary>Makes sides of findings.</summary>
internal static class Sides
{
    /// <summary>The ledger, by its outcomes.</summary>
    public const string Ledger = "ledger";

    /// <summary>Who has the order.</summary>
    public const string Order = "order";

    /// <summary>Who has the payment.</summary>
    public const string Payment = "payment";

    /// <summary>Who has the goods.</summary>
    public const string Warehouse = "warehouse";

    /// <summary>A side that was read.</summary>
    public static MismatchSide Of(
        string name, string says, string? position, long? atMs, params ReadOnlySpan<(string Name, long Value)> numbers)
    {
        var list = new List<MismatchNumber>(numbers.Length);
        foreach (var (number, value) in numbers)
        {
            list.Add(new MismatchNumber { Name = number, Value = value });
        }
        return new MismatchSide { Name = name, Says = says, Position = position, AtMs = atMs, Numbers = list };
    }

    /// <summary>A side that says nothing.</summary>
    public static MismatchSide Silent(string name, string says) => Of(name, says, null, null);
}
