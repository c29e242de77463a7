using Alloc.Schemas.Backlog;

namespace Alloc.Processors.Backlog.Merging;

/// <summary>
/// What will happen at today's rates: items as a fluid that flows through the stages in steps of time, first in, first
/// out, along the edges that were learned, cycles included. A stage that is congested lets out what it lets out today;
/// another lets items out after their usual time, up to somewhat more than it ever did lately.
/// </summary>
internal sealed class FluidSimulation
{
    /// <summary>A step.</summary>
    public const double StepSeconds = 10;

    /// <summary>Effects that begin later are not told.</summary>
    public const double HorizonSeconds = 3600;

    private const double EffectSeconds = 3600;
    private const double Reserve = 1.25;
    private const double StarvedShare = 0.3;
    private const double LeastUsual = 0.02;
    private static readonly int Steps = (int)((HorizonSeconds + EffectSeconds) / StepSeconds);

    private readonly StageFlow[] stages;
    private readonly double[][] shares;
    private readonly double[] outside;
    private readonly double[] capacity;
    private readonly double[] waitingAtFirst;

    // Items that came in and went out until the end of a step, from now on.
    private readonly double[][] cameIn;
    private readonly double[][] wentOut;

    private FluidSimulation(IReadOnlyList<StageFlow> flows, Func<string, string, double> share)
    {
        stages = [.. flows];
        shares = [.. stages.Select(from => stages.Select(to => share(from.StageId, to.StageId)).ToArray())];
        outside = [.. stages.Select((to, index) => Math.Max(
            0, to.Arrivals - stages.Select((from, f) => from.Departures * shares[f][index]).Sum()))];
        capacity = [.. stages.Select(s => s.IsCongested ? s.Departures : Reserve * Math.Max(s.Peak, s.Departures))];
        waitingAtFirst = [.. stages.Select(s => s.Waiting.Sum(w => w.Items))];
        cameIn = [.. stages.Select(_ => new double[Steps])];
        wentOut = [.. stages.Select(_ => new double[Steps])];
    }

    /// <summary>What will happen, stage by stage.</summary>
    /// <param name="flows">The stages.</param>
    /// <param name="share">The share of what leaves one stage that goes to another.</param>
    public static List<FlowEffect> Run(IReadOnlyList<StageFlow> flows, Func<string, string, double> share)
    {
        var simulation = new FluidSimulation(flows, share);
        simulation.Flow();
        var effects = new List<FlowEffect>();
        for (var stage = 0; stage < flows.Count; stage++)
        {
            simulation.AddAgeing(stage, PropagationEffect.SlaBreach, flows[stage].SlaSeconds, 1, effects);
            simulation.AddExpiries(stage, effects);
            simulation.AddStarved(stage, effects);
            simulation.AddSurge(stage, effects);
        }
        return effects;
    }

    private void Flow()
    {
        var waiting = (double[])waitingAtFirst.Clone();
        var leaving = stages.Select(s => s.Departures).ToArray();
        for (var step = 0; step < Steps; step++)
        {
            var next = new double[stages.Length];
            for (var stage = 0; stage < stages.Length; stage++)
            {
                var incoming = outside[stage];
                for (var from = 0; from < stages.Length; from++)
                {
                    incoming += leaving[from] * shares[from][stage];
                }
                var available = waiting[stage] + incoming * StepSeconds;
                var seconds = stages[stage].IsCongested
                    ? StepSeconds
                    : Math.Max(StepSeconds, stages[stage].UsualSeconds);
                next[stage] = Math.Min(capacity[stage], available / seconds);
                waiting[stage] = Math.Max(0, available - next[stage] * StepSeconds);
                cameIn[stage][step] = (step > 0 ? cameIn[stage][step - 1] : 0) + incoming * StepSeconds;
                wentOut[stage][step] = (step > 0 ? wentOut[stage][step - 1] : 0) + next[stage] * StepSeconds;
            }
            leaving = next;
        }
    }

    // Items that reach an age while they wait.
    private void AddAgeing(
        int stage, PropagationEffect effect, double ageSeconds, double share, List<FlowEffect> effects)
    {
        var reached = new double[Steps];
        var position = 0.0;
        foreach (var (age, items) in stages[stage].Waiting)
        {
            position += items;
            if (age <= ageSeconds)
            {
                Reach(ageSeconds - age, position, items);
            }
        }
        for (var step = 0; step < Steps; step++)
        {
            var before = step > 0 ? cameIn[stage][step - 1] : 0;
            Reach((step + 1) * StepSeconds + ageSeconds, waitingAtFirst[stage] + cameIn[stage][step],
                cameIn[stage][step] - before);
        }
        Add(stages[stage].StageId, effect, reached, effects);

        void Reach(double inSeconds, double last, double items)
        {
            var step = (int)(inSeconds / StepSeconds);
            if (step < Steps)
            {
                // Of those who came together the last ones are there the longest.
                var gone = step > 0 ? wentOut[stage][step - 1] : 0;
                reached[step] += share * Math.Clamp(last - gone, 0, items);
            }
        }
    }

    private void AddExpiries(int stage, List<FlowEffect> effects)
    {
        var flow = stages[stage];
        var before = effects.Count;
        if (flow.HoldShare > 0 && flow.HoldLifeSeconds > 0 && flow.IsCongested)
        {
            AddAgeing(stage, PropagationEffect.HoldsExpire, flow.HoldLifeSeconds, flow.HoldShare, effects);
        }
        if (flow.HoldsAtRisk == 0 || flow.FirstRiskSeconds is not { } firstSeconds)
        {
            return;
        }
        // What is there is known one by one; only what is still to come is a mean.
        var known = new FlowEffect(
            flow.StageId, PropagationEffect.HoldsExpire, Math.Max(0, firstSeconds), flow.HoldsAtRisk);
        if (effects.Count > before)
        {
            effects[before] = known with { Items = Math.Max(known.Items, effects[before].Items) };
        }
        else
        {
            effects.Add(known);
        }
    }

    private void AddStarved(int stage, List<FlowEffect> effects)
    {
        var usual = stages[stage].UsualArrivals;
        if (usual < LeastUsual)
        {
            return;
        }
        var missing = new double[Steps];
        for (var step = 1; step < Steps; step++)
        {
            var incoming = cameIn[stage][step] - cameIn[stage][step - 1];
            var waiting = waitingAtFirst[stage] + cameIn[stage][step] - wentOut[stage][step];
            var isStarved = incoming < StarvedShare * usual * StepSeconds
                && waiting <= Math.Max(1, StarvedShare * usual * Math.Max(StepSeconds, stages[stage].UsualSeconds));
            missing[step] = isStarved ? usual * StepSeconds - incoming : 0;
        }
        Add(stages[stage].StageId, PropagationEffect.Starved, missing, effects);
    }

    private void AddSurge(int stage, List<FlowEffect> effects)
    {
        var more = new double[Steps];
        for (var step = 1; step < Steps; step++)
        {
            var incoming = cameIn[stage][step] - cameIn[stage][step - 1];
            more[step] = Math.Max(0, incoming - capacity[stage] * StepSeconds);
        }
        Add(stages[stage].StageId, PropagationEffect.Surge, more, effects);
    }

    private static void Add(string stageId, PropagationEffect effect, double[] perStep, List<FlowEffect> effects)
    {
        var first = Array.FindIndex(perStep, items => items > 0.5);
        if (first < 0 || first * StepSeconds > HorizonSeconds)
        {
            return;
        }
        var items = perStep.Skip(first).Take((int)(EffectSeconds / StepSeconds)).Sum();
        if (items >= 1)
        {
            effects.Add(new FlowEffect(stageId, effect, first * StepSeconds, items));
        }
    }
}
