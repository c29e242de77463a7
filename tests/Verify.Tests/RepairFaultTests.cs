using Alloc.Verify;

namespace Verify.Tests;

/// <summary>Each fault that a repair beyond its bounds could leave behind must be found.</summary>
public sealed class RepairFaultTests
{
    private const int Time = 8_000;
    private readonly History history = History.Sound();

    [Fact]
    public void A_repair_within_its_bounds_has_no_findings()
    {
        Adjust(Account.External, Account.Free);
        Adjust(Account.Free, Account.Blocked);
        Adjust(Account.Blocked, Account.Consumed);
        Release(expectedVersion: 1);

        Expect();
    }

    [Fact]
    public void A_repair_that_moves_promised_units_is_found()
    {
        Adjust(Account.Held, Account.Free);

        Expect(FindingKind.RepairBroken);
    }

    [Fact]
    public void An_entry_of_a_repair_that_no_repair_made_is_found()
    {
        Adjust(Account.External, Account.Free, what: "Released");

        Expect(FindingKind.RepairBroken);
    }

    [Theory]
    [InlineData("")]
    [InlineData("eve")]
    public void A_repair_that_nobody_else_approved_is_found(string approver)
    {
        Adjust(Account.External, Account.Free, approver);

        Expect(FindingKind.ApprovalMissing);
    }

    [Fact]
    public void A_parked_snapshot_that_nobody_else_accepted_is_found()
    {
        history.Put(
            history.Ask("accept", Ask.Repair, Time), Events.Repaired,
            History.Move(Events.SupplyRebased, Account.External, Account.Free, 3), [],
            o => o with { ActorId = "eve", Approver = "eve" });

        Expect(FindingKind.ApprovalMissing);
    }

    [Fact]
    public void A_repair_of_another_version_than_it_saw_is_found()
    {
        Release(expectedVersion: 4);

        Expect(FindingKind.WrongEffect);
    }

    [Fact]
    public void A_repair_of_other_balances_than_it_saw_is_found()
    {
        Adjust(Account.External, Account.Free, saw: default(Amounts));

        Expect(FindingKind.WrongEffect);
    }

    private void Adjust(
        Account from, Account to, string approver = "ann", string what = Events.Repaired, Amounts? saw = null)
    {
        var repair = history.Ask($"repair-{from}-{to}", Ask.Repair, Time, quantity: 1) with { ExpectedBalances = saw };
        history.CommandLog[^1] = repair;
        history.Put(
            repair, what, History.Move(Events.RepairAdjusted, from, to, 1), [],
            o => o with { ActorId = "eve", Approver = approver });
    }

    private void Release(long expectedVersion)
    {
        var known = history.Of("r3");
        var repair = history.Ask("repair-r3", Ask.Repair, Time, "r3") with { ExpectedVersion = expectedVersion };
        history.CommandLog[^1] = repair;
        history.Put(
            repair, Events.Repaired, History.Move("HoldReleased", Account.Held, Account.Free, 5),
            [known with { Held = 0, Released = 5, Version = known.Version + 1, ExpiresAtMs = null }],
            o => o with { ActorId = "eve", Approver = "eve" });
    }

    private void Expect(params FindingKind[] kinds) => history.Expect(kinds);
}
