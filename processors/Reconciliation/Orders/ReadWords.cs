using Alloc.Engine.Processing;

namespace Alloc.Processors.Reconciliation.Orders;

/// <summary>
/// Reads the newest words of a compacted topic. One without a value lets the log forget the word; what was said by it
/// stays true, so it says nothing here.
/// </summary>
internal sealed class ReadWords<T> : IProcessor<string, T, string, object>
    where T : class
{
    private IProcessorContext<string, object> context = null!;

    public void Init(IProcessorContext<string, object> context) => this.context = context;

    public void Process(in Record<string, T> record)
    {
        if (record.Value is not null)
        {
            context.Forward(new Record<string, object>(record.Key, record.Value, record.TimestampMs));
        }
        else
        {
            context.ReportUnusual(UnusualRecord.NullValue);
        }
    }
}
