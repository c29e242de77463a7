using Alloc.Processors.Allocation.Ledger.Commands;
using Alloc.Processors.Allocation.Policy;
using Alloc.Schemas.Allocation;
using static Alloc.Processors.Allocation.Ledger.Trace;

namespace Alloc.Processors.Allocation.Ledger.Partition;

/// <summary>Who decides about a pool. The longest pattern that matches a pool wins.</summary>
public static class Authority
{
    /// <summary>What a pool belongs to that no slice matches.</summary>
    public static AuthoritySlice Everything { get; } = new()
    {
        Slice = "*",
        Mode = AuthorityMode.Authoritative,
        Owner = "",
        Epoch = 0,
    };

    /// <summary>The slice of a pool, as the one for whom is decided sees it.</summary>
    internal static AuthoritySlice SliceFor(LedgerRole role, ILedgerState state, string poolId) =>
        role == LedgerRole.Shadow ? ShadowSlices.SliceOf(state.Settings.Slices, poolId)
        : state.Partition.Epoch == 0 ? Everything : SliceOf(state.Settings.Slices, poolId);

    /// <summary>The slice of a pool.</summary>
    public static AuthoritySlice SliceOf(IReadOnlyList<AuthoritySlice> slices, string poolId) =>
        poolId.StartsWith('$') ? Everything : Longest(slices, p => p.Matches(poolId));

    /// <summary>The slice that a pattern lies in: the same pattern, or the longest that covers it.</summary>
    public static AuthoritySlice SliceAround(IReadOnlyList<AuthoritySlice> slices, string pattern) =>
        Longest(slices, p => p.Covers(new PoolPattern(pattern)));

    /// <summary>The same slices with one as it is now, in the order of their patterns.</summary>
    public static IReadOnlyList<AuthoritySlice> With(IReadOnlyList<AuthoritySlice> slices, AuthoritySlice changed)
    {
        var after = new List<AuthoritySlice>(slices.Count + 1);
        foreach (var slice in slices)
        {
            if (slice.Slice != changed.Slice)
            {
                after.Add(slice);
            }
        }
        after.Add(changed);
        after.Sort((x, y) => string.CompareOrdinal(x.Slice, y.Slice));
        return after;
    }

    /// <summary>What an outcome makes of a slice.</summary>
    internal static AuthoritySlice SliceAfter(AllocationOutcomeEvent.AuthorityChanged changed) => new()
    {
        Slice = changed.Slice,
        Mode = changed.Mode,
        Owner = changed.Owner,
        Epoch = changed.NewEpoch,
    };

    private static AuthoritySlice Longest(IReadOnlyList<AuthoritySlice> slices, Func<PoolPattern, bool> fits)
    {
        var found = Everything;
        var longest = -1;
        for (var index = 0; index < slices.Count; index++)
        {
            var pattern = new PoolPattern(slices[index].Slice);
            // A pool itself is longer than the prefix of the same letters.
            var length = (2 * pattern.Prefix.Length) + (pattern.IsPrefix ? 0 : 1);
            if (length > longest && fits(pattern))
            {
                (found, longest) = (slices[index], length);
            }
        }
        return found;
    }
}

/// <summary>Tier 1: what the mode of a slice lets a command do, and AuthorityTransfer.</summary>
internal static class AuthorityRules
{
    /// <summary>Most slices of a partition.</summary>
    public const int MaximumSlices = 1_000;

    /// <summary>Whether units of the pool may be granted at all.</summary>
    public static bool MayGrant(Decision d) => d.Slice.Mode == AuthorityMode.Authoritative;

    /// <summary>Whether another system decides about the pool, so that nothing expires here.</summary>
    public static bool IsElsewhere(Decision d) =>
        d.Role == LedgerRole.Authority && d.Slice.Mode is (AuthorityMode.Legacy or AuthorityMode.Shadow);

    /// <summary>Checks epoch and mode for a command that is no physical fact.</summary>
    public static void Check(Decision d, AllocationCommand command, bool isIncrease)
    {
        var slice = d.Slice;
        if (command.Epoch < slice.Epoch)
        {
            Failed(d, "epoch", N(NumberName.Epoch, command.Epoch.Value), N(NumberName.Expected, slice.Epoch));
            d.Fail(
                ReasonCode.StaleEpoch, "", null, N(NumberName.Epoch, command.Epoch.Value),
                N(NumberName.Expected, slice.Epoch));
        }
        if (!(d.Role == LedgerRole.Shadow && d.Kind == CommandKind.Import)
            && Forbidden(d.Kind, slice.Mode, isIncrease) is { } code)
        {
            Failed(d, $"{slice.Slice}: {slice.Mode}", N(NumberName.Epoch, slice.Epoch));
            d.Fail(code, Detail(slice, code));
        }
        if (!d.IsRejected)
        {
            d.Look(AuthorityPassed);
        }
    }

    /// <summary>Who decides about a slice from now on.</summary>
    public static AllocationOutcomeEvent Decide(Decision d, AllocationCommandBody.AuthorityTransfer transfer)
    {
        var slices = d.State.Settings.Slices;
        var around = Authority.SliceAround(slices, transfer.Slice);
        var isSame = around.Slice == transfer.Slice && around != Authority.Everything;
        if (isSame && around.Mode == transfer.Mode && around.Owner == transfer.Owner
            && around.Epoch == transfer.NewEpoch)
        {
            d.Look(Step(DecisionRule.Authority, RuleResult.Skipped, "known"));
            return new AllocationOutcomeEvent.NoOp { Why = NoOpWhy.AuthorityKnown };
        }
        var (code, detail) = Refused(transfer, around, isSame);
        if (code is { } reason)
        {
            d.Fail(
                reason, detail, null, N(NumberName.Epoch, transfer.NewEpoch), N(NumberName.Actual, around.Epoch));
        }
        if (!isSame && slices.Count >= MaximumSlices)
        {
            d.Fail(ReasonCode.AuthorityConflict, $"there are {MaximumSlices} slices already");
        }
        d.Look(Step(
            DecisionRule.Authority, d.IsRejected ? RuleResult.Failed : RuleResult.Applied,
            $"{around.Slice}: {around.Mode} to {transfer.Slice}: {transfer.Mode}",
            N(NumberName.Epoch, transfer.NewEpoch), N(NumberName.Actual, around.Epoch)));
        if (d.IsRejected)
        {
            return d.Rejected();
        }
        return new AllocationOutcomeEvent.AuthorityChanged
        {
            Slice = transfer.Slice,
            Mode = transfer.Mode,
            Owner = transfer.Owner,
            NewEpoch = transfer.NewEpoch,
        };
    }

    // Steps that prepare or freeze keep the epoch and the owner; whoever takes over has a higher one.
    private static (ReasonCode? Code, string Detail) Refused(
        AllocationCommandBody.AuthorityTransfer transfer, AuthoritySlice around, bool isSame)
    {
        if (transfer.NewEpoch < around.Epoch)
        {
            return (ReasonCode.StaleEpoch, $"the epoch of {around.Slice} is higher");
        }
        if (transfer.NewEpoch > around.Epoch)
        {
            return (null, "");
        }
        if (transfer.Mode is AuthorityMode.Legacy or AuthorityMode.Authoritative)
        {
            return (ReasonCode.AuthorityConflict, $"whoever takes over {transfer.Slice} needs a higher epoch");
        }
        return isSame && (transfer.Owner != around.Owner || transfer.Mode == around.Mode)
            ? (ReasonCode.AuthorityConflict, $"another owner of {transfer.Slice} needs a higher epoch")
            : (null, "");
    }

    private static ReasonCode? Forbidden(CommandKind kind, AuthorityMode mode, bool isIncrease)
    {
        if (kind is CommandKind.Block or CommandKind.Unblock or CommandKind.PoolConfigure
            || CommandKinds.IsForPartition(kind))
        {
            return null;
        }
        return mode switch
        {
            AuthorityMode.Authoritative => kind == CommandKind.Import ? ReasonCode.AuthorityConflict : null,
            AuthorityMode.Frozen =>
                kind is CommandKind.Hold or CommandKind.Extend || isIncrease ? ReasonCode.PoolFrozen : null,
            _ => ReasonCode.NotAuthoritative,
        };
    }

    private static string Detail(AuthoritySlice slice, ReasonCode code) => code == ReasonCode.AuthorityConflict
        ? $"an import needs a slice in mode Frozen; {slice.Slice} is {slice.Mode}"
        : $"{slice.Slice} is {slice.Mode}" + (slice.Owner.Length == 0 ? "" : $", owner {slice.Owner}");

    private static void Failed(Decision d, string row, params DecisionNumber[] numbers) =>
        d.Look(Step(DecisionRule.Authority, RuleResult.Failed, row, numbers));
}
