using System.Collections.Concurrent;
using Alloc.Engine.Processing;
using Alloc.Engine.Runtime;
using Alloc.Engine.State;
using Alloc.Host.Roles;
using Alloc.Processors.Projection.Scanning;
using Alloc.Schemas.Projection;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace Alloc.Host.Projection.Scanning;

/// <summary>
/// Answers scans from the ledgers of this instance: from a snapshot, on a thread of its own that stands back. The task
/// that decides is not asked.
/// </summary>
internal sealed class LedgerResponder : IDisposable
{
    /// <summary>Questions that wait here; who is not answered asks again.</summary>
    private const int MostQuestions = 100;

    /// <summary>Whoever asked so long ago waits no more.</summary>
    private static readonly TimeSpan StillAwaited = TimeSpan.FromSeconds(60);

    /// <summary>How long the ledger may take to have written what searches have folded already.</summary>
    private static readonly TimeSpan BehindPatience = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(20);
    private readonly BlockingCollection<(ScanMessage Question, long AtMs)> questions = new(MostQuestions);
    private readonly CancellationTokenSource stopping = new();
    private readonly ScanTraffic traffic;
    private readonly Func<int, IStateSnapshot?> open;
    private readonly string journal;
    private readonly StandingBack? standsBack;
    private readonly TimeProvider time;
    private readonly ILogger logger;
    private readonly Thread thread;

    /// <param name="traffic">What instances say to each other.</param>
    /// <param name="open">A snapshot of the ledger of a partition that is here and ready, else null.</param>
    /// <param name="journal">The journal's topic.</param>
    /// <param name="standsBack">Who comes first; null: nobody.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where it logs.</param>
    public LedgerResponder(
        ScanTraffic traffic, Func<int, IStateSnapshot?> open, string journal, StandingBack? standsBack,
        TimeProvider time, ILogger logger)
    {
        this.traffic = traffic;
        this.open = open;
        this.journal = journal;
        this.standsBack = standsBack;
        this.time = time;
        this.logger = logger;
        thread = new Thread(Run) { Name = "ledger-scan", IsBackground = true };
        traffic.Received += Take;
    }

    /// <summary>Answers from now on.</summary>
    public void Start() => thread.Start();

    public void Dispose()
    {
        traffic.Received -= Take;
        stopping.Cancel();
        if (thread.IsAlive)
        {
            thread.Join();
        }
        questions.Dispose();
        stopping.Dispose();
    }

    private void Take(ScanMessage message, long atMs)
    {
        if (message.Kind is ScanMessageKind.AskDigests or ScanMessageKind.AskEntries)
        {
            try
            {
                questions.TryAdd((message, atMs));
            }
            catch (ObjectDisposedException)
            {
                // This instance stops; whoever asks is answered by another, or asks again.
            }
        }
    }

    private void Run()
    {
        StandBack.ForThisThread();
        try
        {
            foreach (var (question, atMs) in questions.GetConsumingEnumerable(stopping.Token))
            {
                if (time.GetUtcNow().ToUnixTimeMilliseconds() - atMs < StillAwaited.TotalMilliseconds)
                {
                    Answer(question);
                }
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    // What goes wrong is answered: whoever scans says it where it is asked for.
    private void Answer(ScanMessage question)
    {
        try
        {
            using var snapshot = Open(question);
            if (snapshot is null)
            {
                return;
            }
            if (LedgerAnswers.RefusalOf(question) is { } refusal)
            {
                Refuse(question, refusal);
                return;
            }
            var pace = new ScanPace(standsBack, time, stopping.Token);
            foreach (var piece in LedgerAnswers.Of(question, new LedgerSide(snapshot, journal), pace.Step))
            {
                traffic.Send(piece);
            }
        }
        catch (Exception error) when (error is not OperationCanceledException)
        {
            Log.ScanNotAnswered(logger, question.Partition, error.Message);
            Refuse(question, $"The ledger of partition {question.Partition} could not be read: {error.Message}");
        }
    }

    /// <summary>A snapshot that has what searches have; null where another instance answers.</summary>
    private IStateSnapshot? Open(ScanMessage question)
    {
        var started = time.GetTimestamp();
        while (true)
        {
            var snapshot = open(question.Partition);
            if (snapshot is null || (snapshot.Position.NextOffset(journal) ?? 0) >= question.Offset)
            {
                return snapshot;
            }
            snapshot.Dispose();
            if (time.GetElapsedTime(started) > BehindPatience)
            {
                throw new StreamsException(
                    $"it has written the journal up to {snapshot.Position.NextOffset(journal) ?? 0}, and searches have "
                    + $"folded it up to {question.Offset}.");
            }
            stopping.Token.WaitHandle.WaitOne(Look);
            stopping.Token.ThrowIfCancellationRequested();
        }
    }

    private void Refuse(ScanMessage question, string why)
    {
        try
        {
            traffic.Send(question with { Kind = ScanMessageKind.Refused, Ranges = [], Why = why });
        }
        catch (Exception error) when (error is KafkaException or RegistryUnavailableException
            or RegistryRefusedException)
        {
            Log.ScanNotAnswered(logger, question.Partition, error.Message);
        }
    }
}
