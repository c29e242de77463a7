using Alloc.Verify;

namespace Verify.Tests;

/// <summary>
/// Each fault that a broken transfer of authority, or a shadow that is more than one, could leave behind must be found.
/// </summary>
public sealed class AuthorityFaultTests
{
    private const int Time = 8_000;
    private readonly History history = History.Sound();

    [Fact]
    public void A_slice_that_is_frozen_imported_and_taken_over_has_no_findings()
    {
        Transfer("Frozen", 1);
        Import("r4", 2, epoch: 1);
        Transfer("Authoritative", 2);
        Hold("r5", 1, epoch: 2);

        Expect();
    }

    [Fact]
    public void A_decision_under_the_old_epoch_after_the_transfer_is_found()
    {
        Transfer("Authoritative", 1);
        Hold("r4", 1, epoch: 1);
        Transfer("Authoritative", 2);
        Hold("r5", 1, epoch: 1);

        Expect(FindingKind.WrongEpoch);
    }

    [Fact]
    public void An_epoch_that_the_slice_does_not_have_yet_is_found()
    {
        Transfer("Authoritative", 1);
        Hold("r4", 1, epoch: 2);

        Expect(FindingKind.WrongEpoch);
    }

    [Fact]
    public void The_longest_slice_says_which_epoch_counts()
    {
        Transfer("Authoritative", 5, History.Pool);
        Transfer("Authoritative", 1, "seats-*");
        Transfer("Frozen", 9, "other-*");
        Hold("r4", 1, epoch: 5);

        Expect();
    }

    [Theory]
    [InlineData("Frozen")]
    [InlineData("Shadow")]
    [InlineData("Legacy")]
    public void A_grant_where_somebody_else_decides_is_found(string mode)
    {
        Transfer(mode, 1);
        Hold("r4", 1, epoch: 1);

        Expect(FindingKind.NotAuthoritative);
    }

    [Fact]
    public void An_import_outside_a_frozen_slice_is_found()
    {
        Transfer("Authoritative", 1);
        Import("r4", 2, epoch: 1);

        Expect(FindingKind.NotAuthoritative);
    }

    [Fact]
    public void A_shadow_decides_some_commands_of_its_slice_and_imports_too()
    {
        history.IsShadow = true;
        Transfer("Shadow", 1);
        Hold("r4", 1, epoch: 1);
        Import("r5", 2, epoch: 1);
        history.Ask("elsewhere", Ask.Hold, Time, "x", 1);

        Expect();
    }

    [Fact]
    public void A_shadow_that_grants_outside_its_slices_is_found()
    {
        history.IsShadow = true;
        Transfer("Authoritative", 1);
        Hold("r4", 1, epoch: 1);

        Expect(FindingKind.NotAuthoritative);
    }

    [Fact]
    public void A_decision_of_the_shadow_without_a_command_on_the_log_is_found()
    {
        history.IsShadow = true;
        Transfer("Shadow", 1);
        Hold("r4", 1, epoch: 1);
        history.CommandLog.RemoveAt(history.CommandLog.Count - 1);

        Expect(FindingKind.OrphanOutcome);
    }

    [Fact]
    public void Two_decisions_of_the_shadow_on_one_command_are_found()
    {
        history.IsShadow = true;
        Transfer("Shadow", 1);
        Hold("r4", 1, epoch: 1);
        history.Put(history.CommandLog[^1], "Rejected", [], [], o => o with { Epoch = 1 });

        Expect(FindingKind.DoubledOutcome);
    }

    [Fact]
    public void A_transfer_that_every_partition_has_is_complete()
    {
        Assert.Empty(Transferred(new("seats-*", "Frozen", "legacy", 1, 10), new("seats-*", "Frozen", "legacy", 1, 20)));
    }

    [Theory]
    [InlineData("Shadow", "legacy", 1)]
    [InlineData("Frozen", "other", 1)]
    [InlineData("Frozen", "legacy", 2)]
    public void A_transfer_that_differs_between_partitions_is_found(string mode, string owner, long epoch)
    {
        Assert.Equal(
            FindingKind.TransferIncomplete,
            Assert.Single(
                Transferred(new("seats-*", "Frozen", "legacy", 1, 10), new("seats-*", mode, owner, epoch, 20))));
    }

    [Fact]
    public void A_transfer_that_a_partition_never_had_is_found_unless_it_may_lie_in_what_was_not_read()
    {
        var transfer = new ObservedTransfer("seats-*", "Frozen", "legacy", 1, 10);

        Assert.Equal(FindingKind.TransferIncomplete, Assert.Single(Transferred(transfer, null)));
        Assert.Equal(FindingKind.TransferIncomplete, Assert.Single(Transferred(transfer, null, hasMovedOn: true, 11)));
        Assert.Empty(Transferred(transfer, null, hasMovedOn: true, 10));
    }

    [Fact]
    public void Nothing_is_said_of_a_partition_whose_commands_are_not_all_decided()
    {
        var transfer = new ObservedTransfer("seats-*", "Frozen", "legacy", 1, 10);

        Assert.Empty(Transferred(transfer, null, undecided: 1));
        Assert.Empty(Transferred(transfer, new("seats-*", "Shadow", "legacy", 0, 5), undecided: 1));
    }

    private static IReadOnlyList<FindingKind> Transferred(
        ObservedTransfer? first, ObservedTransfer? second, bool hasMovedOn = false, long readUpToMs = 100,
        long undecided = 0)
    {
        var findings = new Findings();
        TransferCheck.Check(
            [Of(0, first, false, 100, 0), Of(1, second, hasMovedOn, readUpToMs, undecided)], "journal", findings);
        return [.. findings.Kept.Select(f => f.Kind)];

        static PartitionAuthority Of(
            int partition, ObservedTransfer? transfer, bool hasMovedOn, long readUpToMs, long undecided) => new(
            partition,
            transfer is null ? new Dictionary<string, ObservedTransfer>() : new() { [transfer.Slice] = transfer },
            readUpToMs, hasMovedOn, undecided);
    }

    private void Transfer(string mode, long epoch, string slice = "seats-*") => history.Transfer(
        $"{slice}/{mode}/{epoch}", new ObservedTransfer(slice, mode, "owner", epoch), Time);

    private void Hold(string id, long quantity, long epoch) => history.Put(
        history.Ask($"hold-{id}", Ask.Hold, Time, id, quantity), "Held",
        History.Move("Held", Account.Free, Account.Held, quantity), [Of(id, quantity)], o => o with { Epoch = epoch });

    private void Import(string id, long quantity, long epoch)
    {
        history.Put(
            history.Ask($"import-{id}", Ask.Import, Time, id, quantity), "Imported",
            History.Move("Held", Account.Free, Account.Held, quantity), [Of(id, quantity)],
            o => o with { Epoch = epoch });
    }

    private static ObservedReservation Of(string id, long held) =>
        new() { Id = id, Held = held, Granted = held, Version = 1, ExpiresAtMs = 90_000 };

    private void Expect(params FindingKind[] kinds) => history.Expect(kinds);
}
