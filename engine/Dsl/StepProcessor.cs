using Alloc.Engine.Processing;

namespace Alloc.Engine.Dsl;

/// <summary>What a node without state does with one record.</summary>
internal delegate void Step<TKey, TValue, TNewKey, TNew>(
    in Record<TKey, TValue> record, IProcessorContext<TNewKey, TNew> context);

/// <summary>A node without state.</summary>
internal sealed class StepProcessor<TKey, TValue, TNewKey, TNew>(Step<TKey, TValue, TNewKey, TNew> step)
    : IProcessor<TKey, TValue, TNewKey, TNew>
{
    private IProcessorContext<TNewKey, TNew> context = null!;

    /// <summary>Hands every record on.</summary>
    public static StepProcessor<TKey, TValue, TKey, TValue> HandOn => new(
        (in Record<TKey, TValue> record, IProcessorContext<TKey, TValue> context) => context.Forward(in record));

    public void Init(IProcessorContext<TNewKey, TNew> context) => this.context = context;

    public void Process(in Record<TKey, TValue> record) => step(in record, context);
}
