using System.Globalization;
using Alloc.Engine.Processing;
using Alloc.Engine.Watermarks;
using Alloc.Processors.Catalogue;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Backlog;
using Alloc.Schemas.Workflow;

namespace Alloc.Processors.Backlog.Waiting;

/// <summary>
/// The items of a partition: folds stage events and outcomes by order, says what is overdue when workflow.stages is
/// known to be silent about it, names holds at risk, and tells the merger what changed.
/// </summary>
internal sealed class WaitingProcessor(BacklogOptions options) : IProcessor<string, object, string, object>
{
    /// <summary>How often changes are said.</summary>
    public static readonly TimeSpan WordInterval = TimeSpan.FromSeconds(1);

    /// <summary>How often holds are named, while there are more than one transaction takes.</summary>
    public static readonly TimeSpan NamingInterval = TimeSpan.FromMilliseconds(200);

    private const int TimersPerCall = 1_000;

    private static readonly LeaveLine Unknown = new(null);

    private readonly Dictionary<string, LeaveLine> lines = new(StringComparer.Ordinal);
    private readonly Dictionary<string, RiskSurvey> surveys = new(StringComparer.Ordinal);
    private readonly CatalogueBook book = new();
    private IProcessorContext<string, object> context = null!;
    private WaitingStores stores = null!;
    private RiskIndex risks = null!;
    private WorkFold works = null!;
    private HoldFold holds = null!;
    private RiskNaming naming = null!;
    private StageWords words = null!;
    private IWatermarkTimer timer = null!;
    private IDisposable? namingTurns;

    public void Init(IProcessorContext<string, object> context)
    {
        this.context = context;
        stores = new WaitingStores(context);
        risks = new RiskIndex(stores);
        works = new WorkFold(stores, risks);
        holds = new HoldFold(stores, risks, works);
        naming = new RiskNaming(stores, risks, Alert);
        words = new StageWords(stores, context.Partition);
        if (stores.Catalogue.Get(BacklogStores.CatalogueKey) is { } inForce)
        {
            book.Restore(inForce);
        }
        timer = context.CreateWatermarkTimer([options.StageTopic], Pass);
        AwaitNext();
        context.Schedule(WordInterval, PunctuationType.WallClock, _ => Speak(context.ClockMs));
        context.WhenCommitted((_, _) => naming.Committed());
    }

    public void Process(in Record<string, object> record)
    {
        switch (record.Value)
        {
            case StageEvent stageEvent:
                Take(record.Key, stageEvent, record.TimestampMs);
                AwaitNext();
                break;
            case OrderAllocation outcome when !IsControl(record.Key) && outcome.OrderRef.Length > 0:
                holds.Take(outcome);
                break;
            case StagePrediction prediction:
                if (!lines.TryGetValue(prediction.StageId, out var known) || known.AtMs <= prediction.AtMs)
                {
                    lines[prediction.StageId] = new LeaveLine(prediction);
                }
                break;
            default:
                break;
        }
    }

    private static bool IsControl(string? key) => key is ['$', ..];

    private void Take(string? key, StageEvent stageEvent, long atMs)
    {
        if (key is null)
        {
            throw new BadRecordException("it has no key; the key is the workId")
            {
                Kind = BadRecordKind.Incomplete,
            };
        }
        if (IsControl(key))
        {
            StageEventRules.CheckControl(key, stageEvent);
            Obey(key, stageEvent);
            return;
        }
        StageEventRules.Check(key, stageEvent);
        var row = book.StageOf(stageEvent.StageId);
        // What waits in a stage that the catalogue has no more may still leave it.
        var slaMs = (long?)row?.Sla.TotalMilliseconds
            ?? (stageEvent.Kind == StageEventKind.Left ? works.SlaOfOpenMs(stageEvent) : null)
            ?? throw new BadRecordException(string.Create(
                CultureInfo.InvariantCulture,
                $"version {book.Version} of the operations catalogue has no stage '{stageEvent.StageId}'; "
                + $"add it with alloc catalogue apply, then replay this record"))
            {
                Kind = BadRecordKind.Unknown,
            };
        if (stageEvent.Kind == StageEventKind.Entered)
        {
            works.Enter(stageEvent, slaMs, book.Version, atMs);
            words.Entered(stageEvent.StageId, atMs);
        }
        else
        {
            works.Leave(stageEvent, slaMs, book.Version, atMs);
        }
    }

    // One of a kind that is not known was written for a newer version, and for every partition.
    private void Obey(string key, StageEvent control)
    {
        if (key != CatalogueRecords.Key || control.Catalogue is not { } inForce)
        {
            context.ReportUnusual(UnusualRecord.UnknownControl);
        }
        else if (book.Replace(inForce))
        {
            stores.Catalogue.Put(BacklogStores.CatalogueKey, inForce);
        }
    }

    // What is due by the watermark, a bounded piece; it is called again while more is.
    private void Pass(long watermarkMs)
    {
        var due = stores.Timers.Until(watermarkMs - 1).Take(TimersPerCall).ToList();
        foreach (var (dueAtMs, key) in due)
        {
            if (works.Pass(key, dueAtMs, context.ClockMs) is { } alert)
            {
                Alert(alert);
            }
        }
        AwaitNext();
    }

    private void AwaitNext() => timer.DueAtMs = stores.Timers.TryPeek(out var dueAtMs, out _)
        ? dueAtMs
        : long.MaxValue;

    private void Speak(long nowMs)
    {
        var watermarkMs = context.WatermarkMs(options.StageTopic);
        foreach (var stageId in StageIds())
        {
            if (!surveys.TryGetValue(stageId, out var survey) || survey.IsOver(nowMs))
            {
                survey = risks.Survey(stageId, LineOf(stageId), nowMs);
                naming.Await(stageId, survey.Unnamed);
                surveys[stageId] = survey with { Unnamed = [] };
            }
            foreach (var word in words.Say(
                stageId, (survey.Count, survey.FirstAtMs), watermarkMs, book.Version, nowMs))
            {
                context.Forward(new Record<string, object>(stageId, word, nowMs));
            }
        }
        Name(nowMs);
    }

    private LeaveLine LineOf(string stageId) => lines.GetValueOrDefault(stageId) ?? Unknown;

    // Turns of naming open transactions: there are some only while holds are left over.
    private void Name(long nowMs)
    {
        naming.Run(LineOf, nowMs);
        if (naming.HasMore)
        {
            namingTurns ??= context.Schedule(
                NamingInterval, PunctuationType.WallClock, _ => Name(context.ClockMs));
        }
        else
        {
            namingTurns?.Dispose();
            namingTurns = null;
        }
    }

    // Those of the catalogue, and those that it no longer has and in which something still waits.
    private List<string> StageIds() =>
        [.. book.StageIds.Concat(stores.Tallies.All().Select(t => t.Key)).Distinct(StringComparer.Ordinal)];

    private void Alert(AgingAlert alert) =>
        context.Forward(new Record<string, object>(alert.WorkId, alert, context.ClockMs));
}
