using Alloc.Engine.Processing;

namespace Alloc.Processors.Steps;

/// <summary>Lets records of several types come to one processor.</summary>
internal sealed class Widen<T> : IProcessor<string, T, string, object>
    where T : class
{
    private IProcessorContext<string, object> context = null!;

    public void Init(IProcessorContext<string, object> context) => this.context = context;

    public void Process(in Record<string, T> record)
    {
        if (record.Value is null)
        {
            throw new BadRecordException("the record has no value") { Kind = BadRecordKind.Incomplete };
        }
        context.Forward(new Record<string, object>(record.Key, record.Value, record.TimestampMs));
    }
}

/// <summary>Lets through the records of one type of those that a processor writes.</summary>
internal sealed class Narrow<TKey, T> : IProcessor<TKey, object, TKey, T>
    where T : class
{
    private IProcessorContext<TKey, T> context = null!;

    public void Init(IProcessorContext<TKey, T> context) => this.context = context;

    public void Process(in Record<TKey, object> record)
    {
        if (record.Value is T value)
        {
            context.Forward(new Record<TKey, T>(record.Key, value, record.TimestampMs));
        }
    }
}
