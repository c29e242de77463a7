namespace Alloc.Verify;

/// <summary>The six accounts of a pool, in the checker's own words.</summary>
internal enum Account
{
    /// <summary>An account that the checker does not know; what moves there is missing in the balances.</summary>
    Unknown,
    External,
    Free,
    Held,
    Confirmed,
    Consumed,
    Blocked,
}

/// <summary>The balances of a pool's six accounts.</summary>
internal readonly record struct Amounts(
    long External, long Free, long Held, long Confirmed, long Consumed, long Blocked)
{
    /// <summary>The sum of all six: always 0, since what a pool has came from outside.</summary>
    public Int128 Sum => (Int128)External + Free + Held + Confirmed + Consumed + Blocked;

    /// <summary>The balances after one posting.</summary>
    public Amounts With(Posting posting) => posting.Account switch
    {
        Account.External => this with { External = External + posting.Delta },
        Account.Free => this with { Free = Free + posting.Delta },
        Account.Held => this with { Held = Held + posting.Delta },
        Account.Confirmed => this with { Confirmed = Confirmed + posting.Delta },
        Account.Consumed => this with { Consumed = Consumed + posting.Delta },
        Account.Blocked => this with { Blocked = Blocked + posting.Delta },
        _ => this,
    };

    public override string ToString() =>
        $"free {Free}, held {Held}, confirmed {Confirmed}, consumed {Consumed}, blocked {Blocked}, external {External}";
}

/// <summary>One side of an entry: an account and by how much it changes.</summary>
/// <param name="Entry">The kind of the entry that it belongs to.</param>
/// <param name="Account">The account.</param>
/// <param name="Delta">The change.</param>
internal readonly record struct Posting(string Entry, Account Account, long Delta);

/// <summary>Where a record lies.</summary>
internal readonly record struct Position(string Topic, int Partition, long Offset)
{
    public override string ToString() => $"{Topic}[{Partition}]@{Offset}";
}

/// <summary>What is wrong with the place of a command's record.</summary>
internal enum Misplacement
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>It has no key, or one that is not its pool.</summary>
    Key,

    /// <summary>Its key belongs to another partition: wrong unless this one has the pool already.</summary>
    Partition,
}

/// <summary>What a command asks, as far as the checker predicts it.</summary>
internal enum Ask
{
    Other,
    Hold,
    Confirm,
    Release,
    Consume,
    Return,
    Tick,
    Amend,
    Split,
    Reassign,
    Import,
    ForceRelease,
    Approve,
    Extend,
    Repair,
}

/// <summary>A record of a command topic.</summary>
internal sealed record ObservedCommand
{
    public required Position At { get; init; }

    public required long TimestampMs { get; init; }

    /// <summary>False when the value is not a command: such a record belongs in the dead-letter topic.</summary>
    public required bool IsReadable { get; init; }

    /// <summary>Whether the record lies where its command belongs.</summary>
    public Misplacement Misplaced { get; init; }

    public string CommandId { get; init; } = "";

    public string PoolId { get; init; } = "";

    public Ask Ask { get; init; }

    /// <summary>Sum of the quantities asked for; null when the command leaves it open.</summary>
    public long? Quantity { get; init; }

    /// <summary>The reservations named, with what is asked of each.</summary>
    public IReadOnlyList<(string ReservationId, long Quantity)> Lines { get; init; } = [];

    /// <summary>Whether a hold must be granted as a whole.</summary>
    public bool IsAllOrNothing { get; init; }

    /// <summary>Who sent it.</summary>
    public string Actor { get; init; } = "";

    /// <summary>The command that an approval names.</summary>
    public string? Approves { get; init; }

    /// <summary>The fact of a source that it reports; null where it reports none.</summary>
    public (string Source, long Sequence)? Fact { get; init; }

    /// <summary>Version that the reservation named must have; null where any will do.</summary>
    public long? ExpectedVersion { get; init; }

    /// <summary>Balances that the pool must have; null where any will do.</summary>
    public Amounts? ExpectedBalances { get; init; }
}

/// <summary>A record of the availability topic.</summary>
internal sealed record ObservedAvailability(Position At, string Key, string PoolId, long Sequence, Amounts Balances,
    bool IsTombstone);

/// <summary>A record of the dead-letter topic.</summary>
/// <param name="At">Where it lies.</param>
/// <param name="Origin">Where the bad record came from; null when its headers do not say.</param>
/// <param name="Reason">Why it was put there; null when its headers do not say.</param>
internal sealed record ObservedDeadLetter(Position At, Position? Origin, string? Reason);
