namespace Menuet.Mechanisms.StackelbergPricing;

/// <summary>Leaders who price round after round, one a row; see <see cref="StackelbergPricingScenario"/>.</summary>
/// <remarks>
/// <para>A row observes its last n rounds, oldest first: (p − c)/(pmax − c), every follower's steps over sRef, and (c − c_min)/(c_max − c_min) where the
/// cost is drawn; n tokens of equal width. An episode begins after n rounds at prices drawn evenly from [c, pmax], which earn nothing.</para>
/// <para>The action a is the price c + (pmax − c)(a + 1)/2; the reward U_p/uRef.</para>
/// <para>Draws: one stream for each environment and episode. Followers are myopic; they are served in proportion when demand exceeds capacity.</para>
/// </remarks>
internal sealed class StackelbergPricingEnvironment : IEnvironment
{
    private readonly StackelbergPricingScenario scenario;
    private readonly int followers;
    private readonly int token;
    private readonly double capacity;
    private readonly double referenceUtility;
    private readonly double mostSteps;
    private readonly double logMean;
    private readonly double logDeviation;

    private readonly Rng[] draws;
    private readonly uint[] episodes;
    private readonly int[] rounds;
    private readonly bool[] ended;
    private readonly double[] costs;
    private readonly double[] logSatisfactions;
    private readonly Demand[] demands;
    private readonly float[] history;
    private readonly double[] prices;
    private readonly double[] utilities;
    private readonly double[] followerUtilities;
    private readonly double[] served;
    private readonly double[] steps;
    private ulong seed;

    /// <param name="scenario">Without problems.</param>
    /// <param name="environments">≥ 1.</param>
    internal StackelbergPricingEnvironment(StackelbergPricingScenario scenario, int environments)
    {
        this.scenario = scenario;
        (Rows, followers, token) = (environments, scenario.Followers, scenario.TokenSize);
        capacity = scenario.CapacitySteps ?? double.PositiveInfinity;
        (referenceUtility, mostSteps) = (scenario.ReferenceUtility, scenario.MostSteps);

        // The mean of δ is the nominal one in every variant: ln δ is normal with mean ln δ̄ − σ²/2.
        logDeviation = scenario.Variant switch
        {
            FollowerVariant.RandomDelta => Math.Sqrt(Math.Log(1 + scenario.SatisfactionVariation * scenario.SatisfactionVariation)),
            FollowerVariant.Drift => scenario.DriftDeviation / Math.Sqrt(1 - scenario.DriftPersistence * scenario.DriftPersistence),
            _ => 0,
        };
        logMean = Math.Log(scenario.Satisfaction) - logDeviation * logDeviation / 2;

        draws = new Rng[environments];
        episodes = new uint[environments];
        rounds = new int[environments];
        ended = new bool[environments];
        costs = new double[environments];
        logSatisfactions = new double[environments * followers];
        demands = new Demand[environments * followers];
        history = new float[environments * ObservationSize];
        prices = new double[environments];
        utilities = new double[environments];
        followerUtilities = new double[environments];
        served = new double[environments];
        steps = new double[environments * followers];
        Reset(0);
    }

    public int Rows { get; }

    public int Agents => 1;

    public int ObservationSize => scenario.History * token;

    public int ActionSize => 1;

    public int StateSize => 0;

    /// <summary>c of this episode.</summary>
    internal ReadOnlySpan<double> Costs => costs;

    /// <summary>The price of the last round.</summary>
    internal ReadOnlySpan<double> Prices => prices;

    /// <summary>U_p of the last round, money.</summary>
    internal ReadOnlySpan<double> Utilities => utilities;

    /// <summary>Σ U_k of the last round, money.</summary>
    internal ReadOnlySpan<double> FollowerUtilities => followerUtilities;

    /// <summary>The share of their steps that followers received in the last round; below 1 when they were rationed.</summary>
    internal ReadOnlySpan<double> Served => served;

    /// <summary>What a row's followers received in the last round.</summary>
    internal ReadOnlySpan<double> StepsOf(int row) => steps.AsSpan(row * followers, followers);

    /// <summary>What a row's followers will want in the coming round.</summary>
    internal ReadOnlySpan<Demand> DemandsOf(int row) => demands.AsSpan(row * followers, followers);

    /// <summary>δ of a row's follower in the coming round.</summary>
    internal double SatisfactionOf(int row, int follower) => scenario.Variant == FollowerVariant.Fixed ? scenario.Satisfaction : Math.Exp(logSatisfactions[row * followers + follower]);

    public void Reset(ulong seed)
    {
        this.seed = seed;
        Array.Clear(episodes);
        for (var row = 0; row < Rows; row++)
        {
            Begin(row);
        }
    }

    public void Restart()
    {
        for (var row = 0; row < Rows; row++)
        {
            if (ended[row])
            {
                episodes[row]++;
                Begin(row);
            }
        }
    }

    public void Observe(Span<float> observations) => history.CopyTo(observations);

    public void Describe(Span<float> states)
    {
    }

    public void Advance(ReadOnlySpan<float> actions, Span<float> rewards, Span<Status> statuses)
    {
        for (var row = 0; row < Rows; row++)
        {
            Play(row, costs[row] + (scenario.MaxPrice - costs[row]) * (Math.Clamp(actions[row], -1f, 1f) + 1.0) / 2);
            rewards[row] = (float)(utilities[row] / referenceUtility);
            ended[row] = ++rounds[row] >= scenario.Rounds;
            statuses[row] = ended[row] ? Status.Truncated : Status.Running;
        }
    }

    public void Write(BinaryWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(seed);
        for (var row = 0; row < Rows; row++)
        {
            writer.Write(episodes[row]);
            writer.Write(rounds[row]);
            writer.Write(ended[row]);
            writer.Write(draws[row].Index);
            writer.Write(costs[row]);
        }

        foreach (var satisfaction in logSatisfactions)
        {
            writer.Write(satisfaction);
        }

        foreach (var number in history)
        {
            writer.Write(number);
        }
    }

    public void Read(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        seed = reader.ReadUInt64();
        for (var row = 0; row < Rows; row++)
        {
            episodes[row] = reader.ReadUInt32();
            rounds[row] = reader.ReadInt32();
            ended[row] = reader.ReadBoolean();
            draws[row] = Rng.Stream(seed, PlayStream.Of(PlayStream.Play, row, episodes[row]), reader.ReadUInt64());
            costs[row] = reader.ReadDouble();
        }

        for (var i = 0; i < logSatisfactions.Length; i++)
        {
            logSatisfactions[i] = reader.ReadDouble();
        }

        for (var i = 0; i < history.Length; i++)
        {
            history[i] = reader.ReadSingle();
        }

        for (var row = 0; row < Rows; row++)
        {
            Know(row);
        }
    }

    private void Begin(int row)
    {
        ref var random = ref draws[row];
        random = Rng.Stream(seed, PlayStream.Of(PlayStream.Play, row, episodes[row]));
        (rounds[row], ended[row]) = (0, false);
        costs[row] = scenario.UnitCost + (scenario.MaxUnitCost is { } highest ? (highest - scenario.UnitCost) * random.NextDouble() : 0);
        foreach (ref var satisfaction in logSatisfactions.AsSpan(row * followers, followers))
        {
            satisfaction = logMean + (logDeviation > 0 ? logDeviation * random.NextNormal() : 0);
        }

        Know(row);
        for (var i = 0; i < scenario.History; i++)
        {
            Play(row, costs[row] + (scenario.MaxPrice - costs[row]) * random.NextDouble());
        }
    }

    /// <summary>One round at a price: followers respond, everybody remembers, satisfactions drift.</summary>
    private void Play(int row, double price)
    {
        var wanted = 0.0;
        var received = steps.AsSpan(row * followers, followers);
        for (var k = 0; k < followers; k++)
        {
            received[k] = demands[row * followers + k].StepsAt(price);
            wanted += received[k];
        }

        var share = wanted > capacity ? capacity / wanted : 1;
        var margin = price - costs[row];
        var satisfied = 0.0;
        var memory = history.AsSpan(row * ObservationSize, ObservationSize);
        memory[token..].CopyTo(memory);
        var last = memory[^token..];
        last[0] = (float)(margin / (scenario.MaxPrice - costs[row]));
        for (var k = 0; k < followers; k++)
        {
            received[k] *= share;
            satisfied += demands[row * followers + k].UtilityOf(received[k], price);
            last[1 + k] = (float)(received[k] / mostSteps);
        }

        if (scenario.MaxUnitCost is { } highest)
        {
            last[^1] = (float)(highest > scenario.UnitCost ? (costs[row] - scenario.UnitCost) / (highest - scenario.UnitCost) : 0);
        }

        (prices[row], utilities[row], followerUtilities[row], served[row]) = (price, margin * Math.Min(wanted, capacity), satisfied, share);
        if (scenario.Variant == FollowerVariant.Drift)
        {
            foreach (ref var satisfaction in logSatisfactions.AsSpan(row * followers, followers))
            {
                satisfaction = logMean + scenario.DriftPersistence * (satisfaction - logMean) + scenario.DriftDeviation * draws[row].NextNormal();
            }

            Know(row);
        }
    }

    /// <summary>Demand follows satisfaction.</summary>
    private void Know(int row)
    {
        for (var k = 0; k < followers; k++)
        {
            demands[row * followers + k] = new(SatisfactionOf(row, k), scenario.Quality, 0, double.PositiveInfinity, Participation.Mandatory);
        }
    }
}
