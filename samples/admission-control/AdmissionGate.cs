using System.Collections.Concurrent;
using System.Threading.RateLimiting;
using Alloc.Client;
using Alloc.Schemas.Allocation;
using Alloc.Schemas.Registry;
using Confluent.Kafka;
using Polly;
using Polly.CircuitBreaker;
using Polly.RateLimiting;
using Polly.Retry;

namespace Alloc.Samples.AdmissionControl;

/// <summary>
/// Stands between callers that ask again and again and Alloc, which answers each command once. From outside to inside:
/// the same command is asked once and its answer shared; a bulkhead lets some be under way and some wait; retries pause
/// longer and longer, with jitter, until the deadline; a circuit breaker leaves Alloc alone while it does not answer,
/// or while what follows is full.
/// </summary>
internal sealed class AdmissionGate : IDisposable
{
    private static readonly Actor Self = new() { Type = ActorType.Service, Id = "checkout", Channel = "web" };
    private readonly AllocClient client;
    private readonly AdmissionOptions options;
    private readonly TimeProvider time;
    private readonly ConcurrencyLimiter bulkhead;
    private readonly CircuitBreakerManualControl circuit = new();
    private readonly ResiliencePipeline<Attempt> places;
    private readonly ResiliencePipeline<Attempt> attempts;
    private readonly ConcurrentDictionary<string, Lazy<Task<Admission>>> answers = new(StringComparer.Ordinal);
    private readonly Queue<(string CommandId, long DoneAt)> kept = new();
    private int sentCount;
    private int sharedCount;
    private int current;
    private int most;

    /// <param name="client">Its timeout is that of one attempt.</param>
    /// <param name="options">How much at once.</param>
    /// <param name="time">The clock.</param>
    public AdmissionGate(AllocClient client, AdmissionOptions options, TimeProvider time)
    {
        this.client = client;
        this.options = options;
        this.time = time;
        bulkhead = new ConcurrencyLimiter(new ConcurrencyLimiterOptions
        {
            PermitLimit = options.Permits,
            QueueLimit = options.QueueCount,
            QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
        });
        places = new ResiliencePipelineBuilder<Attempt>().AddRateLimiter(bulkhead).Build();
        attempts = new ResiliencePipelineBuilder<Attempt> { TimeProvider = time }
            .AddRetry(new RetryStrategyOptions<Attempt>
            {
                ShouldHandle = args => ValueTask.FromResult(
                    IsSilence(args.Outcome) || args.Outcome.Exception is BrokenCircuitException),
                // The deadline ends it, by the token.
                MaxRetryAttempts = int.MaxValue,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.FirstPause,
                MaxDelay = options.LongestPause,
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions<Attempt>
            {
                ShouldHandle = args => ValueTask.FromResult(
                    IsSilence(args.Outcome) || args.Outcome.Result?.Took > options.SlowAfter),
                FailureRatio = 0.5,
                MinimumThroughput = 4,
                SamplingDuration = TimeSpan.FromSeconds(5),
                BreakDuration = options.Break,
                ManualControl = circuit,
                OnOpened = args => Say(args.IsManual ? "nothing is sent until it has drained" : "no answers: a pause"),
                OnClosed = _ => Say("commands are sent again"),
            })
            .Build();
    }

    /// <summary>Records written, retries included.</summary>
    public int SentCount => Volatile.Read(ref sentCount);

    /// <summary>Callers that shared the answer of a command that was under way or done already.</summary>
    public int SharedCount => Volatile.Read(ref sharedCount);

    /// <summary>The most commands that were sent and not done at once.</summary>
    public int MostUnderWay => Volatile.Read(ref most);

    /// <summary>Asks, as long as the deadline lets it.</summary>
    /// <param name="commandId">The id that the business action has: whoever asks the same has the same.</param>
    /// <param name="pool">The pool.</param>
    /// <param name="body">What is asked.</param>
    public async Task<Admission> AskAsync(string commandId, string pool, AllocationCommandBody body)
    {
        Forget();
        var mine = new Lazy<Task<Admission>>(() => SendAndKeepAsync(commandId, pool, body));
        var shared = answers.GetOrAdd(commandId, mine);
        if (shared != mine)
        {
            Interlocked.Increment(ref sharedCount);
        }
        return await shared.Value;
    }

    /// <summary>Sends nothing until <see cref="GoOnAsync"/>: what follows on the answers is full.</summary>
    public Task HoldBackAsync() => circuit.IsolateAsync();

    /// <summary>Sends again.</summary>
    public Task GoOnAsync() => circuit.CloseAsync();

    public void Dispose() => bulkhead.Dispose();

    /// <summary>
    /// An answer is kept for those who come after it. So is that none came in time: with the same id nothing else can
    /// be had than what the ledger makes of the first.
    /// </summary>
    private async Task<Admission> SendAndKeepAsync(string commandId, string pool, AllocationCommandBody body)
    {
        var isKept = false;
        try
        {
            var answer = await SendAsync(commandId, pool, body);
            isKept = answer is Admission.Decided or Admission.GaveUp { WasSent: true };
            return answer;
        }
        finally
        {
            if (isKept)
            {
                lock (kept)
                {
                    kept.Enqueue((commandId, time.GetTimestamp()));
                }
            }
            else
            {
                answers.TryRemove(commandId, out _);
            }
        }
    }

    private void Forget()
    {
        lock (kept)
        {
            while (kept.TryPeek(out var oldest) && time.GetElapsedTime(oldest.DoneAt) > options.KeepAnswers)
            {
                kept.Dequeue();
                answers.TryRemove(oldest.CommandId, out _);
            }
        }
    }

    private async Task<Admission> SendAsync(string commandId, string pool, AllocationCommandBody body)
    {
        using var deadline = new CancellationTokenSource(options.Deadline, time);
        // Made once: every attempt is the same command, with the same id and the same deadline.
        var command = client.NewCommand(pool, body, Self, commandId) with
        {
            DeadlineMs = (time.GetUtcNow() + options.Deadline).ToUnixTimeMilliseconds(),
        };
        var wasSent = false;
        async ValueTask<Attempt> SendOnceAsync(CancellationToken token)
        {
            if (!wasSent)
            {
                wasSent = true;
                Enter();
            }
            Interlocked.Increment(ref sentCount);
            var begun = time.GetTimestamp();
            return new Attempt(await client.SendAsync(command, token), time.GetElapsedTime(begun));
        }
        // A command keeps its place while it pauses: retries take none that others could have.
        async ValueTask<Attempt> SendInPlaceAsync(CancellationToken token)
        {
            try
            {
                return await attempts.ExecuteAsync(SendOnceAsync, token);
            }
            finally
            {
                if (wasSent)
                {
                    Interlocked.Decrement(ref current);
                }
            }
        }
        try
        {
            var attempt = await places.ExecuteAsync(SendInPlaceAsync, deadline.Token);
            return new Admission.Decided(((CommandAnswer.Decided)attempt.Answer).Outcome);
        }
        catch (RateLimiterRejectedException)
        {
            return new Admission.Busy(options.ComeAgain);
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            return new Admission.GaveUp(wasSent);
        }
    }

    private void Enter()
    {
        var now = Interlocked.Increment(ref current);
        for (var seen = most; now > seen; seen = most)
        {
            Interlocked.CompareExchange(ref most, now, seen);
        }
    }

    /// <summary>
    /// Whether nothing is known: neither yes nor no, and the same again is no risk. What is refused for good, a
    /// contract or a fatal error of the client, is none of it.
    /// </summary>
    private static bool IsSilence(Outcome<Attempt> outcome) => outcome switch
    {
        { Result.Answer: CommandAnswer.NotSeen } => true,
        { Exception: AllocException { Kind: FailureKind.Unavailable } } => true,
        { Exception: KafkaException { Error.IsFatal: false } } => true,
        { Exception: RegistryUnavailableException } => true,
        _ => false,
    };

    private static ValueTask Say(string what)
    {
        Console.WriteLine(what);
        return default;
    }

    /// <summary>An answer, and how long it took.</summary>
    private sealed record Attempt(CommandAnswer Answer, TimeSpan Took);
}
