using System.Globalization;
using System.Text.Json.Nodes;
using Alloc.Client;
using Alloc.Client.Outcomes;
using Alloc.Processors.Catalogue;
using Alloc.Replay;
using Alloc.Replay.Shop;
using Alloc.Schemas.Reconciliation;

namespace Alloc.Bench.Truth;

/// <summary>
/// The proof of reconciliation in real processes: a shop plays a retail year against a ledger, by-order, a supply
/// bridge and reconciliation, each a process of its own, and what reconciliation finds is compared with what was
/// injected.
/// </summary>
internal sealed class TruthRun
{
    private static readonly TimeSpan FullTime = TimeSpan.FromHours(1);
    private static readonly TimeSpan SayEvery = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ShortDeadline = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LongestAway = TimeSpan.FromSeconds(10);
    private readonly BenchRun run;
    private readonly TruthOptions options;
    private readonly OperationsCatalogue catalogue;
    private readonly Random random;
    private long decidedBefore;
    private long lookedAt;
    private long saidAt;

    public TruthRun(BenchRun run, TruthOptions options)
    {
        this.run = run;
        this.options = options;
        catalogue = TruthCatalogue.Of(options.IsShort);
        random = new Random((int)options.Seed);
    }

    /// <summary>Told once a second how it goes: what is done, how far it is, of how much, how many decisions a second,
    /// how many mismatches are open (null: nobody answers).</summary>
    public Action<string, long, long, double, long?> OnProgress { get; init; } = static (_, _, _, _, _) => { };

    /// <summary>Runs it.</summary>
    /// <returns>What was found, and the figures of the run.</returns>
    public async Task<(TruthVerdict Verdict, JsonObject Summary)> RunAsync(CancellationToken cancellation)
    {
        var year = Plan();
        run.Say($"{year.Orders.Count:N0} orders of {year.LineCount:N0} lines on {year.Opening.Count:N0} pools in "
            + DurationWords.Show(options.Time));
        await using var cluster = await BenchCluster.StartAsync(
            run.Options, apache: run.Options.KafkaHome is not null, run.Time, cancellation).ConfigureAwait(false);
        var settings = await cluster.PrepareAsync("truth").ConfigureAwait(false);
        using var registry = cluster.OpenRegistry();
        await using var roles = new RoleProcesses(run, settings);
        await roles.StartAsync(cancellation).ConfigureAwait(false);
        await ApplyAsync(settings, cancellation).ConfigureAwait(false);
        using var live = new LiveShop(settings, registry, run.Time);
        var floor = new ShopFloor(live, options.Seed)
        {
            LongestStepMs = (int)Math.Clamp(options.Time.TotalMilliseconds / 60, 400, 4_000),
            AbandonedTtl = TimeSpan.FromSeconds(options.IsShort ? 8 : 40),
        };
        var shop = new ShopRun(floor, year, TruthCatalogue.Obligations);
        live.OnOutcome = shop.Services.Take;
        live.OnRedelivery = shop.Services.TakeAgain;
        live.OnRequest = floor.Warehouse.Answer;
        var before = ThreadTimes.Read(Environment.ProcessId).Total;
        var startedAt = saidAt = run.Time.GetTimestamp();
        await PlayAsync(settings, shop, live, roles, cancellation).ConfigureAwait(false);
        var seconds = run.Time.GetElapsedTime(startedAt).TotalSeconds;
        var generator = (ThreadTimes.Read(Environment.ProcessId).Total - before).TotalSeconds / seconds;
        run.Say("every order has ended; waiting until all that is tolerated is over");
        await SettleAsync(
            shop, live, roles, () => Judge(settings, registry, floor, cancellation).Missed.Count == 0, cancellation)
            .ConfigureAwait(false);
        JsonObject? repaired = null;
        if (options.FaultShare > 0)
        {
            var repairs = new TruthRepairs(run, settings, registry, roles, options.Seed);
            repaired = await RepairAsync(repairs, shop, live, roles, cancellation).ConfigureAwait(false);
        }
        // What repairs brought about is judged, too.
        var verdict = Judge(settings, registry, floor, cancellation);
        return (verdict, Summary(shop, live, roles, verdict, seconds, generator, repaired));
    }

    private RetailYear Plan()
    {
        var share = Math.Min(1, options.Time / FullTime);
        var yearOptions = new RetailYearOptions
        {
            Seed = options.Seed,
            Time = options.Time,
            FaultShare = options.FaultShare,
            Limit = share < 1 ? (long)(SyntheticYear.RealLineCount * share) : null,
        };
        using var text = options.Data is { } path ? RetailReader.Open(path)
            : SyntheticYear.Write(options.Seed, (int)(SyntheticYear.RealLineCount * share));
        return RetailYear.Plan(text, yearOptions);
    }

    private async Task ApplyAsync(AllocClientOptions settings, CancellationToken cancellation)
    {
        var file = Path.Combine(run.Options.WorkDirectory, "truth.catalogue.json");
        await File.WriteAllTextAsync(file, CatalogueDocument.Write(catalogue), cancellation).ConfigureAwait(false);
        await AllocCommand.RunAsync(
            settings, cancellation, "catalogue", "apply", file, "--reason", "services of the shop", "--yes")
            .ConfigureAwait(false);
        if (options.FaultShare > 0)
        {
            await SecondWriter.TakeOverAsync(settings, cancellation).ConfigureAwait(false);
        }
    }

    private async Task PlayAsync(
        AllocClientOptions settings, ShopRun shop, LiveShop live, RoleProcesses roles, CancellationToken cancellation)
    {
        shop.Open();
        await TurnAsync(
            "opening pools", shop, live, roles, () => shop.IsOpen, run.Options.Deadline, cancellation)
            .ConfigureAwait(false);
        shop.Begin();
        if (options.FaultShare > 0)
        {
            SecondWriter.Write(live, shop.Floor, options.FaultShare);
        }
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var kills = options.KillEvery is { } every ? KillAsync(roles, every, over.Token) : Task.CompletedTask;
        await TurnAsync(
            "playing the year", shop, live, roles, () => shop.HasCome && live.IsIdle,
            options.Time + run.Options.Deadline, cancellation).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        await kills.ConfigureAwait(false);
        live.Flush();
        if (live.HasLost)
        {
            await SkipAsync(settings, live, roles, cancellation).ConfigureAwait(false);
        }
        await TurnAsync(
            "ending", shop, live, roles, () => shop.IsOver && live.IsIdle, run.Options.Deadline, cancellation)
            .ConfigureAwait(false);
    }

    // Who decides and who tells of the warehouse are away, something is written, and somebody moves their groups past
    // it.
    private async Task SkipAsync(
        AllocClientOptions settings, LiveShop live, RoleProcesses roles, CancellationToken cancellation)
    {
        run.Say("allocation and the supply bridge are away, and what is written meanwhile they never read");
        await roles.StopAsync("allocation").ConfigureAwait(false);
        await roles.StopAsync("supply-bridge").ConfigureAwait(false);
        live.WriteLost();
        var group = EngineProcess.Application(settings);
        await SkippedInput.MoveToEndAsync(settings, group, TopicNames.Commands, run.Time, cancellation)
            .ConfigureAwait(false);
        await SkippedInput.MoveToEndAsync(
            settings, group + "-supply-bridge", "warehouse.movements", run.Time, cancellation).ConfigureAwait(false);
        roles.Begin("allocation");
        roles.Begin("supply-bridge");
        await roles.ReadyAsync("allocation", cancellation).ConfigureAwait(false);
        await roles.ReadyAsync("supply-bridge", cancellation).ConfigureAwait(false);
    }

    private async Task<JsonObject> RepairAsync(
        TruthRepairs repairs, ShopRun shop, LiveShop live, RoleProcesses roles, CancellationToken cancellation)
    {
        run.Say("two people approve what is proposed");
        repairs.Accept(repairs.Open(cancellation).Where(TruthRepairs.NeverLeft));
        await RepairedAsync("known", rows => !rows.Any(TruthRepairs.NeverLeft)).ConfigureAwait(false);
        await AskAsync().ConfigureAwait(false);
        await RepairedAsync(
            "asked for", rows => rows.All(m => m.State != MismatchState.Proposed || m.ProposedBy is not null))
            .ConfigureAwait(false);
        repairs.ApproveSecond(cancellation);
        shop.Floor.Resolutions.ForEach(resolve => resolve());
        await RepairedAsync("repairing", rows => rows.All(m => m.State == MismatchState.Open && m.Repair is null))
            .ConfigureAwait(false);
        var left = repairs.Open(cancellation);
        repairs.Accept(left);
        await RepairedAsync("accepting", rows => rows.Count == 0).ConfigureAwait(false);
        var before = repairs.Audit(cancellation);
        await AskAsync().ConfigureAwait(false);
        var audit = repairs.Audit(cancellation);
        audit["sentByTheSecondRun"] = audit["sent"]!.GetValue<int>() - before["sent"]!.GetValue<int>();
        audit["leftToOwners"] = Counts(left.GroupBy(m => m.Class, StringComparer.Ordinal)
            .Select(g => KeyValuePair.Create(g.Key, (long)g.Count())));
        audit["openAtEnd"] = repairs.Open(cancellation).Count;
        return audit;

        // What services owe for the repairs is due meanwhile.
        async Task AskAsync()
        {
            var asking = repairs.RunAllAsync(cancellation);
            await TurnAsync(
                "asking", shop, live, roles, () => asking.IsCompleted, run.Options.Deadline, cancellation)
                .ConfigureAwait(false);
            await asking.ConfigureAwait(false);
        }

        async Task RepairedAsync(string what, Func<List<Mismatch>, bool> isSo)
        {
            try
            {
                await UntilAsync(
                    what, shop, live, roles, () => isSo(repairs.Open(cancellation)),
                    options.IsShort ? ShortDeadline : run.Options.Deadline, cancellation).ConfigureAwait(false);
            }
            catch (AllocException e)
            {
                throw AllocException.Unavailable(
                    $"{e.Message} Open: {TruthRepairs.Describe(repairs.Open(cancellation))}");
            }
        }
    }

    // Reads the whole topic at each look, so it does not look often.
    private async Task UntilAsync(
        string what, ShopRun shop, LiveShop live, RoleProcesses roles, Func<bool> isSo, TimeSpan deadline,
        CancellationToken cancellation)
    {
        var nextMs = 0L;
        await TurnAsync(
            what, shop, live, roles,
            () =>
            {
                if (live.NowMs < nextMs)
                {
                    return false;
                }
                nextMs = live.NowMs + (long)Look.TotalMilliseconds;
                return isSo();
            }, deadline, cancellation).ConfigureAwait(false);
    }

    // What is wrong is told at its time; where nothing is wrong, nothing may be told as long.
    private async Task SettleAsync(
        ShopRun shop, LiveShop live, RoleProcesses roles, Func<bool> isAllFound, CancellationToken cancellation)
    {
        var untilMs = live.NowMs + (long)TruthCatalogue.LongestOf(catalogue).TotalMilliseconds;
        await UntilAsync(
            "waiting", shop, live, roles,
            () => live.NowMs >= untilMs || (options is { IsShort: true, FaultShare: > 0 } && isAllFound()),
            TruthCatalogue.LongestOf(catalogue) + run.Options.Deadline, cancellation).ConfigureAwait(false);
    }

    /// <summary>Turns the shop on a thread of its own until something is so.</summary>
    private async Task TurnAsync(
        string what, ShopRun shop, LiveShop live, RoleProcesses roles, Func<bool> isDone, TimeSpan deadline,
        CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var watching = WatchAsync(what, shop, live, roles, over.Token);
        var startedAt = run.Time.GetTimestamp();
        await Task.Run(
            () =>
            {
                while (!isDone())
                {
                    cancellation.ThrowIfCancellationRequested();
                    if (run.Time.GetElapsedTime(startedAt) > deadline)
                    {
                        throw AllocException.Unavailable(string.Create(
                            CultureInfo.InvariantCulture,
                            $"{what}: not over within {DurationWords.Show(deadline)}; {live.AskedCount:N0} answers and "
                            + $"{shop.Floor.UnderWay:N0} orders are waited for."));
                    }
                    shop.Turn();
                    live.Turn();
                }
            }, cancellation).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        await watching.ConfigureAwait(false);
    }

    private async Task WatchAsync(
        string what, ShopRun shop, LiveShop live, RoleProcesses roles, CancellationToken over)
    {
        using var ticks = new PeriodicTimer(TimeSpan.FromSeconds(1), run.Time);
        try
        {
            while (await ticks.WaitForNextTickAsync(over).ConfigureAwait(false))
            {
                var rate = lookedAt == 0 ? 0
                    : (live.OutcomeCount - decidedBefore) / run.Time.GetElapsedTime(lookedAt).TotalSeconds;
                (decidedBefore, lookedAt) = (live.OutcomeCount, run.Time.GetTimestamp());
                var open = await roles.OpenMismatchesAsync(over).ConfigureAwait(false);
                OnProgress(what, shop.LineCount, shop.PlannedLineCount, rate, open);
                if (run.Time.GetElapsedTime(saidAt) > SayEvery)
                {
                    saidAt = run.Time.GetTimestamp();
                    run.Say(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{what}: {shop.LineCount:N0} of {shop.PlannedLineCount:N0} lines, "
                        + $"{shop.Floor.UnderWay:N0} orders under way, {rate:N0} decisions/s, "
                        + $"{open?.ToString("N0", CultureInfo.InvariantCulture) ?? "?"} "
                        + $"mismatches open"));
                }
            }
        }
        catch (OperationCanceledException)
        {
            // What was watched is over.
        }
    }

    private async Task KillAsync(RoleProcesses roles, TimeSpan every, CancellationToken over)
    {
        try
        {
            while (true)
            {
                await Task.Delay(every * (0.5 + random.NextDouble()), run.Time, over).ConfigureAwait(false);
                var role = RoleProcesses.Names[random.Next(RoleProcesses.Names.Count)];
                run.Say($"kill -9 {role}");
                await roles.KillAsync(role, LongestAway * random.NextDouble(), CancellationToken.None)
                    .ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // Nobody is killed any more.
        }
    }

    private static TruthVerdict Judge(
        AllocClientOptions settings, Confluent.SchemaRegistry.ISchemaRegistryClient registry, ShopFloor floor,
        CancellationToken cancellation) => new(
            floor.Truth, WholeTopic.Read<Mismatch>(settings, registry, "reconciliation.mismatches", cancellation),
            WholeTopic.Read<MismatchEvent>(settings, registry, "reconciliation.events", cancellation));

    private JsonObject Summary(
        ShopRun shop, LiveShop live, RoleProcesses roles, TruthVerdict verdict, double seconds, double generator,
        JsonObject? repaired) => new()
        {
            ["seed"] = options.Seed,
            ["data"] = options.Data is null ? "synthetic" : Path.GetFileName(options.Data),
            ["minutes"] = options.Time.TotalMinutes,
            ["faultShare"] = options.FaultShare,
            ["tolerances"] = options.IsShort ? "short" : "shipped",
            ["orders"] = shop.OrderCount,
            ["lines"] = shop.LineCount,
            ["pools"] = shop.Floor.Warehouse.PoolCount,
            ["recordsWritten"] = live.RecordCount,
            ["receipts"] = shop.Services.ReceiptCount,
            ["outcomes"] = live.OutcomeCount,
            ["seconds"] = Math.Round(seconds, 1),
            ["outcomesPerSecond"] = Math.Round(live.OutcomeCount / seconds, 1),
            ["generatorCores"] = Math.Round(generator, 2),
            ["kills"] = Counts(roles.Kills.Select(k => KeyValuePair.Create(k.Key, (long)k.Value))),
            ["ended"] = Counts(shop.Floor.Ended),
            ["unexpected"] = Counts(shop.Floor.Unexpected),
            ["repairs"] = repaired,
            ["verdict"] = verdict.ToJson(),
        };

    private static JsonObject Counts(IEnumerable<KeyValuePair<string, long>> counts) =>
        new(counts.Select(c => KeyValuePair.Create(c.Key, (JsonNode?)JsonValue.Create(c.Value))));
}
