using Alloc.Processors.Allocation.Ledger;
using Alloc.Schemas.Allocation;

namespace Topology.Tests.Model;

/// <summary>A rule that a history breaks, with the script that shows it.</summary>
internal sealed class BrokenRuleException(string rule, string detail, IEnumerable<string> script)
    : Exception($"{rule}: {detail}\nscript:\n{string.Join('\n', script)}");

/// <summary>Runs a script on the ledger and on the model, and compares them after every line.</summary>
internal sealed class ModelRun
{
    private readonly NaivePolicy policy;
    private readonly PolicyInForce inForce;
    private readonly Dictionary<int, NaivePolicy> versions = [];
    private readonly LedgerRun run;
    private readonly string[] script;
    private readonly OutcomeChecks checks;
    private readonly Dictionary<string, NaivePool> pools = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Pool, string Command), int> originals = [];
    private readonly HashSet<(string PoolId, string CommandId)> malformed = [];
    private readonly HashSet<(string Pool, string Command)> asked = [];
    private int line;
    private long epoch;

    private ModelRun(NaivePolicy policy, string[] script)
    {
        this.policy = policy;
        this.script = script;
        run = new LedgerRun(policy.Write());
        inForce = new PolicyInForce(policy);
        checks = new OutcomeChecks(inForce, Break);
    }

    /// <summary>Runs a script after a pool <c>a</c> with 10 units was set up.</summary>
    /// <exception cref="BrokenRuleException">A rule is broken.</exception>
    public static LedgerRun Check(NaivePolicy policy, params string[] script)
    {
        var model = new ModelRun(policy, script);
        model.Step("configure service=60000 #configure", isSetUp: true);
        model.Step("supply 10 erp=1 #opening", isSetUp: true);
        foreach (var text in script)
        {
            model.line++;
            model.Step(text, isSetUp: false);
        }
        model.CompareState();
        model.LetEverythingEnd();
        return model.run;
    }

    private void Step(string text, bool isSetUp)
    {
        var before = run.Journal.Count;
        var (command, outcomes) = Attempt(new ScriptLine(text));
        if (command is not null && command.Body is not AllocationCommandBody.Tick)
        {
            asked.Add((command.PoolId, command.CommandId));
        }
        if (command?.Body is AllocationCommandBody.PolicyActivate activate)
        {
            versions.TryAdd(activate.Version, ModelPolicies.All[(int)new ScriptLine(text).Number(1, 0)]);
        }
        for (var index = 0; index < outcomes.Count; index++)
        {
            var outcome = outcomes[index];
            var rest = outcomes.GetRange(index + 1, outcomes.Count - index - 1);
            checks.Check(PoolOf(outcome.PoolId), outcome, command, rest);
            CountOriginal(outcome);
            if (outcome is { DuplicateOf: null, Event: AllocationOutcomeEvent.PolicyActivated { InForce: true } taken })
            {
                inForce.Current = versions[taken.Version];
            }
            if (outcome is { DuplicateOf: null, Event: AllocationOutcomeEvent.ModeChanged mode })
            {
                inForce.Switch(mode);
            }
            if (outcome is { DuplicateOf: null, Event: AllocationOutcomeEvent.AuthorityChanged changed })
            {
                checks.IsGranting = changed.Mode == AuthorityMode.Authoritative;
                epoch = changed.NewEpoch;
            }
            else if (outcome.Entries.Count > 0 && outcome.Epoch != epoch)
            {
                Break("9: what takes effect carries the current epoch",
                    $"{OutcomeChecks.Name(outcome)} carries {outcome.Epoch}, the epoch is {epoch}");
            }
        }
        if (outcomes.Count > 0)
        {
            foreach (var pool in pools.Values.Where(p => p.Id[0] != '$'))
            {
                checks.CheckAtRest(pool, run.State.Partition.TMs);
            }
        }
        if (isSetUp && run.Journal.Count != before + 1)
        {
            Break("set-up", text);
        }
    }

    private (AllocationCommand? Command, List<AllocationOutcome> Outcomes) Attempt(ScriptLine text)
    {
        try
        {
            var result = run.Run(text);
            if (text.Verb == "restart")
            {
                CompareState();
            }
            return result;
        }
        catch (Exception e) when (e is not (BrokenRuleException or FormatException))
        {
            Break("no command stops the ledger", $"{text} threw {e.GetType().Name}: {e.Message}\n{e.StackTrace}");
            throw;
        }
    }

    // Invariant 5. What is malformed has an answer that registers nothing, and no original unless it is mended.
    private void CountOriginal(AllocationOutcome outcome)
    {
        if (outcome.CommandId is not { } id)
        {
            return;
        }
        var key = (outcome.RequestedPoolId ?? PoolOfPartition(outcome), id);
        if (!outcome.Original)
        {
            if (outcome is { CausedBy: null, DuplicateOf: null, Event: AllocationOutcomeEvent.Rejected rejected })
            {
                malformed.Add(key);
                if (rejected.Reasons.All(r => r.Code is not (ReasonCode.Malformed or ReasonCode.IdempotencyConflict))
                    || outcome.RememberUntilMs is not null || outcome.After.Count > 0 || outcome.Timers.Count > 0)
                {
                    Break("5: only what is malformed or a conflict registers nothing", $"{key}: {rejected}");
                }
            }
            return;
        }
        if ((originals[key] = originals.GetValueOrDefault(key) + 1) > 1)
        {
            Break("5: one original outcome for one command", $"{key} has a second one, {outcome.Event}");
        }
    }

    private static string PoolOfPartition(AllocationOutcome outcome) => outcome.CommandKind switch
    {
        CommandKind.AuthorityTransfer => ReservedKeys.Authority,
        CommandKind.ModeSwitch => ReservedKeys.Mode,
        CommandKind.PolicyActivate => ReservedKeys.Policy,
        _ => outcome.PoolId,
    };

    // When grace, approvals and lives are over, nothing is undecided or held.
    private void LetEverythingEnd()
    {
        foreach (var text in (string[])["wait 90000", "tick", "wait 90000000", "tick"])
        {
            Step(text, isSetUp: false);
        }
        // What frees units may have promoted a waiter, whose life a mode may extend once.
        for (var index = 0; index < 8; index++)
        {
            Step("wait 1000000", isSetUp: false);
            Step("tick", isSetUp: false);
        }
        foreach (var key in asked.Where(a => originals.GetValueOrDefault(a) == 0 && !malformed.Contains(a)))
        {
            Break("5: one original outcome for one command", $"{key} has none");
        }
        foreach (var pool in pools.Values.Where(p => p[Account.Held] != 0))
        {
            Break("6: no hold outlives its expiry", $"pool {pool.Id} has {pool[Account.Held]} held after a day");
        }
        CompareState();
    }

    // Invariants 2 and 8: what the ledger keeps is what the model counted.
    private void CompareState()
    {
        foreach (var pool in pools.Values.Where(p => p.Id[0] != '$'))
        {
            var kept = run.State.GetPool(pool.Id) ?? throw new InvalidOperationException(pool.Id);
            var b = kept.Balances;
            Same("balances", pool,
                $"{b.External} {b.Free} {b.Held} {b.Confirmed} {b.Consumed} {b.Blocked}",
                $"{pool[Account.External]} {pool[Account.Free]} {pool[Account.Held]} {pool[Account.Confirmed]} "
                + $"{pool[Account.Consumed]} {pool[Account.Blocked]}");
            Same("waiters", pool, string.Join(' ', run.State.GetWaiters(pool.Id).Select(w => w.ReservationId)),
                string.Join(' ', pool.Line().Select(r => r.Id)));
            Same("count of waiters", pool, $"{kept.Waiters}", $"{pool.Line().Count}");
            Same("deficit", pool, $"{kept.Deficit}", $"{pool.Published}");
            foreach (var (kind, value) in pool.Scopes())
            {
                var usage = run.State.GetUsage(pool.Id, $"{kind}/{value}");
                Same($"usage of {kind}/{value}", pool, $"{(usage.Open, usage.Consumed)}",
                    $"{pool.UsageOf(kind, value)}");
            }
            foreach (var priorityClass in inForce.Current.Classes)
            {
                var holders = run.State.GetHolders(pool.Id, priorityClass).Select(h => h.ReservationId).Order();
                var mine = pool.Reservations.Values.Where(r => r.Class == priorityClass && r.Open > 0)
                    .Select(r => r.Id).Order();
                Same($"holders of class {priorityClass}", pool, string.Join(' ', holders), string.Join(' ', mine));
            }
        }
    }

    private void Same(string what, NaivePool pool, string ledger, string model)
    {
        if (ledger != model)
        {
            Break("8: state is the fold of the journal", $"{what} of {pool.Id}: ledger '{ledger}', model '{model}'");
        }
    }

    private NaivePool PoolOf(string id)
    {
        if (!pools.TryGetValue(id, out var pool))
        {
            pools[id] = pool = new NaivePool(id, inForce);
        }
        return pool;
    }

    private void Break(string rule, string detail) =>
        throw new BrokenRuleException(rule, detail, [$"policy {policy}", .. script[..line]]);
}
