using Alloc.Broker.Protocol;

namespace Alloc.Broker.Runtime;

/// <summary>An answer's body. Written on the connection's side, after the loop handed it over: it must not refer to
/// state that the loop still changes.</summary>
internal interface IResponse
{
    /// <summary>Writes the body in the writer's version.</summary>
    void Write(KafkaWriter writer);
}

/// <summary>
/// One request on its way through the broker: who asked, and the one answer. Handlers run on the loop and call exactly
/// one of <see cref="Answer"/>, <see cref="AnswerNothing"/> and <see cref="Close"/>, now or later; a later call
/// is ignored. Answers leave a connection in the order of its requests.
/// </summary>
internal abstract class Exchange
{
    private IResponse? response;
    private int state;

    private enum State
    {
        Waiting,
        Answered,
        Silent,
        Closed,
    }

    /// <summary>API of the request.</summary>
    public required ApiKey ApiKey { get; init; }

    /// <summary>Version of the request.</summary>
    public required short Version { get; init; }

    /// <summary>The caller's number for this request.</summary>
    public required int CorrelationId { get; init; }

    /// <summary>The caller's own name, null if it gave none.</summary>
    public string? ClientId { get; init; }

    /// <summary>The caller's address as Kafka shows it in group descriptions, such as <c>/127.0.0.1</c>.</summary>
    public required string ClientHost { get; init; }

    /// <summary>Host under which the caller reaches this broker, for answers that name a broker.</summary>
    public required string BrokerHost { get; init; }

    /// <summary>Port under which the caller reaches this broker.</summary>
    public required int BrokerPort { get; init; }

    /// <summary>What the caller has proven about itself; null where nobody asks.</summary>
    public Authentication? Authentication { get; init; }

    /// <summary>True once the request was answered or its connection is gone.</summary>
    public bool IsCompleted => Volatile.Read(ref state) != (int)State.Waiting;

    /// <summary>True when the connection must be closed instead of answered.</summary>
    public bool IsClosed => Volatile.Read(ref state) == (int)State.Closed;

    /// <summary>The answer's body; null where none is sent.</summary>
    public IResponse? Response => response;

    /// <summary>Answers the request.</summary>
    public void Answer(IResponse body)
    {
        if (!IsCompleted)
        {
            response = body;
            if (Complete(State.Answered))
            {
                return;
            }
        }
        (body as IDisposable)?.Dispose();
    }

    /// <summary>Ends a request that expects no answer (Produce with acks 0).</summary>
    public void AnswerNothing() => Complete(State.Silent);

    /// <summary>Closes the connection in place of an answer.</summary>
    public void Close() => Complete(State.Closed);

    /// <summary>Called once, when the request is answered.</summary>
    protected abstract void OnCompleted();

    private bool Complete(State next)
    {
        if (Interlocked.CompareExchange(ref state, (int)next, (int)State.Waiting) != (int)State.Waiting)
        {
            return false;
        }
        OnCompleted();
        return true;
    }
}
