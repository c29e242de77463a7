using Alloc.Engine.Topology;
using Alloc.Engine.Watermarks;

namespace Alloc.Engine.Processing;

/// <summary>Runs a processor, and is its context.</summary>
internal sealed class ProcessorNode<TKeyIn, TValueIn, TKeyOut, TValueOut>(
    ProcessorDefinition definition, IProcessor<TKeyIn, TValueIn, TKeyOut, TValueOut> processor, ITaskHost host,
    INodeInput<TKeyOut, TValueOut>[] children)
    : RuntimeNode, INodeInput<TKeyIn, TValueIn>, IProcessorContext<TKeyOut, TValueOut>
{
    public override string Name => definition.Name;

    public TaskId TaskId => host.TaskId;

    public int Partition => host.TaskId.Partition;

    public RecordMetadata? Metadata => host.Metadata;

    public long StreamTimeMs => host.StreamTimeMs;

    public long WallClockMs => host.WallClockMs;

    public long ClockMs => host.ClockMs;

    public override void Init() => processor.Init(this);

    public override void Close() => processor.Close();

    public void Process(in Record<TKeyIn, TValueIn> record) => processor.Process(in record);

    public void Forward(in Record<TKeyOut, TValueOut> record, string? child = null)
    {
        if (child is null)
        {
            foreach (var node in children)
            {
                node.Process(in record);
            }
            return;
        }
        foreach (var node in children)
        {
            if (node.Name == child)
            {
                node.Process(in record);
                return;
            }
        }
        throw new TopologyException($"Processor '{Name}' forwards to '{child}', which is none of its children.");
    }

    public TStore GetStore<TStore>(string name)
        where TStore : class
    {
        if (definition.Stores.All(s => s.Name != name))
        {
            throw new TopologyException($"Processor '{Name}' asks for store '{name}', which is not connected to it.");
        }
        return host.GetStore<TStore>(name);
    }

    public IDisposable Schedule(TimeSpan interval, PunctuationType type, Action<long> punctuator) =>
        host.Schedule(interval, type, punctuator);

    public long WatermarkMs(string topic) => host.WatermarkMs(topic);

    public IWatermarkTimer CreateWatermarkTimer(IReadOnlyCollection<string> topics, Action<long> onPassed) =>
        host.CreateWatermarkTimer(topics, onPassed);

    public void ReportLate(string topic) => host.ReportLate(topic);

    public void ReportUnusual(UnusualRecord kind) => host.ReportUnusual(kind);

    public void ScheduleTick(long dueAtMs) => host.ScheduleTick(dueAtMs);

    public void WhenCommitted(Action<string, long> observer) => host.WhenCommitted(observer);
}
