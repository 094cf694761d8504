using System.Collections.Immutable;

namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>What one slot of one environment amounted to, over its four markets.</summary>
/// <param name="Gains">Σ (u_v − u_m).</param>
/// <param name="PaperWelfare">Σ (u_v + u_m).</param>
/// <param name="BudgetBalance">Payments less receipts.</param>
/// <param name="LatencySeconds">Of all trades.</param>
/// <param name="Trades">How many.</param>
/// <param name="EfficientTrades">Σ K, by the bids.</param>
/// <param name="Losses">Buyers who pay more than their value.</param>
/// <param name="WorstLoss">The largest p − u_v; 0 when nobody loses.</param>
/// <param name="Reward">Eq. (6), unscaled.</param>
internal readonly record struct AuctionSlot(
    double Gains, double PaperWelfare, double BudgetBalance, double LatencySeconds, int Trades, int EfficientTrades, int Losses, double WorstLoss, double Reward);

/// <summary>Squares with vehicles that bid slot after slot, one row a vehicle; see <see cref="DoubleAuctionScenario"/>.</summary>
/// <remarks>
/// <para>A row observes, for each unit, (buyers + sellers)/(V + 4 M); the last mean transaction price of its own unit, 0.5 before the first; the least, mean
/// and highest of its own rates over 100 Mbit/s; u_v; c_v over 2000 kB; which unit is its own; t/T; and, if it may, the asks of its unit, lowest first. In the paper's view: the counts, the price, and its rate to
/// each seller over 100 Mbit/s.</para>
/// <para>The state, for each unit: buyers/V, mean and quartiles of values and of costs, the last price, the mean rate of its vehicles; and t/T.</para>
/// <para>Draws: movement and demand have streams of their own for each environment and episode, so methods meet the same traffic whatever they bid.</para>
/// </remarks>
internal sealed class DoubleAuctionEnvironment : IEnvironment
{
    /// <summary>What the last price is before there was any.</summary>
    internal const double FirstPrice = 0.5;

    /// <summary>Rates are observed in this unit, Mbit/s.</summary>
    internal const double RateUnit = 100;

    private const int NumbersPerStation = 11;
    private const double SizeUnit = 2000;
    private const double SmallestSize = 33;
    private const double LargestSize = 1989;
    private const double HighestWatts = 10;
    private const double SecondsPerKilobyteAtMegabit = 8e-3;

    private readonly DoubleAuctionScenario scenario;
    private readonly AuctionReward judged;
    private readonly int environments;
    private readonly int agents;
    private readonly int sellers;
    private readonly int width;
    private readonly Vehicles vehicles;
    private readonly StationClearing clearing;
    private readonly Rng[] movement;
    private readonly Rng[] demand;
    private readonly uint[] episodes;
    private readonly int[] slots;
    private readonly bool[] ended;
    private readonly double[] lastPrices;
    private readonly AuctionSlot[] played;

    // Of vehicles, by row.
    private readonly double[] sizes;
    private readonly double[] values;
    private readonly double[] ratios;
    private readonly double[] meanRates;
    private readonly double[] bids;
    private readonly double[] utilities;
    private readonly byte[] stations;
    private readonly float[] observations;

    // Of sellers, by environment and unit.
    private readonly double[] watts;
    private readonly double[] sortedWatts;
    private readonly double[] costs;

    // The vehicles with requests, by environment and unit, rising.
    private readonly int[] members;
    private readonly int[] ends;
    private readonly double[] sorting;
    private ulong seed;

    internal DoubleAuctionEnvironment(DoubleAuctionScenario scenario, int environments)
    {
        this.scenario = scenario;
        this.environments = environments;
        (agents, sellers, width, judged) = (scenario.Vehicles, scenario.SellersPerStation, scenario.ObservationSize, scenario.Judged);
        var markets = environments * Station.Count;
        vehicles = new(Rows, scenario.ShadowingDecibels);
        clearing = new(sellers);
        movement = new Rng[environments];
        demand = new Rng[environments];
        episodes = new uint[environments];
        slots = new int[environments];
        ended = new bool[environments];
        lastPrices = new double[markets];
        played = new AuctionSlot[environments];
        sizes = new double[Rows];
        values = new double[Rows];
        ratios = new double[Rows];
        meanRates = new double[Rows];
        bids = new double[Rows];
        utilities = new double[Rows];
        stations = new byte[Rows];
        observations = new float[Rows * width];
        watts = new double[markets * sellers];
        sortedWatts = new double[markets * sellers];
        costs = new double[markets * sellers];
        members = new int[Rows];
        ends = new int[markets];
        sorting = new double[agents];
        Reset(0);
    }

    public int Rows => environments * agents;

    public int Agents => agents;

    public int ObservationSize => width;

    public int ActionSize => 1;

    public int StateSize => Station.Count * NumbersPerStation + 1;

    /// <summary>What the last slot amounted to, by environment.</summary>
    internal ReadOnlySpan<AuctionSlot> Played => played;

    /// <summary>u_v − p of the last slot, by row; 0 without trade.</summary>
    internal ReadOnlySpan<double> Utilities => utilities;

    /// <summary>What was bid in the last slot, by row.</summary>
    internal ReadOnlySpan<double> Bids => bids;

    /// <summary>u_v, by row; 0 without a request.</summary>
    internal ReadOnlySpan<double> Values => values;

    /// <summary>c_v in kB, by row; 0 without a request.</summary>
    internal ReadOnlySpan<double> Sizes => sizes;

    internal Vehicles Vehicles => vehicles;

    public void Reset(ulong seed)
    {
        this.seed = seed;
        Array.Clear(episodes);
        for (var e = 0; e < environments; e++)
        {
            Begin(e);
        }
    }

    public void Restart()
    {
        for (var e = 0; e < environments; e++)
        {
            if (ended[e])
            {
                episodes[e]++;
                Begin(e);
            }
        }
    }

    public void Observe(Span<float> observations) => this.observations.CopyTo(observations);

    public void Describe(Span<float> states)
    {
        for (var e = 0; e < environments; e++)
        {
            var state = states.Slice(e * StateSize, StateSize);
            for (var station = 0; station < Station.Count; station++)
            {
                DescribeStation(e, station, state.Slice(station * NumbersPerStation, NumbersPerStation));
            }

            state[^1] = (float)slots[e] / scenario.Slots;
        }
    }

    public void Advance(ReadOnlySpan<float> actions, Span<float> rewards, Span<Status> statuses)
    {
        Play(actions, rewards);
        MoveOn(statuses);
    }

    /// <summary>Clears the slot's markets; the traffic stays as it is.</summary>
    internal void Play(ReadOnlySpan<float> actions, Span<float> rewards)
    {
        for (var row = 0; row < Rows; row++)
        {
            var market = row / agents * Station.Count + stations[row];
            bids[row] = sizes[row] > 0 ? scenario.BidOf(actions[row], values[row], costs.AsSpan(market * sellers, sellers)) : 0;
        }

        var scale = scenario.RewardScale;
        for (var e = 0; e < environments; e++)
        {
            Clear(e);
            var own = rewards.Slice(e * agents, agents);
            if (scenario.Reward == AgentReward.Team)
            {
                own.Fill((float)(scale * played[e].Reward));
                continue;
            }

            for (var v = 0; v < agents; v++)
            {
                own[v] = (float)(scale * utilities[e * agents + v]);
            }
        }
    }

    /// <summary>One second passes, and new requests and sellers come.</summary>
    internal void MoveOn(Span<Status> statuses)
    {
        for (var e = 0; e < environments; e++)
        {
            ended[e] = ++slots[e] >= scenario.Slots;
            statuses.Slice(e * agents, agents).Fill(ended[e] ? Status.Truncated : Status.Running);
            Draw(e);
            See(e);
        }
    }

    public void Write(BinaryWriter writer)
    {
        ArgumentNullException.ThrowIfNull(writer);
        writer.Write(seed);
        for (var e = 0; e < environments; e++)
        {
            writer.Write(episodes[e]);
            writer.Write(slots[e]);
            writer.Write(ended[e]);
            writer.Write(movement[e].Index);
            writer.Write(demand[e].Index);
        }

        vehicles.Write(writer);
        foreach (var list in (ReadOnlySpan<double[]>)[lastPrices, sizes, watts])
        {
            foreach (var number in list)
            {
                writer.Write(number);
            }
        }
    }

    public void Read(BinaryReader reader)
    {
        ArgumentNullException.ThrowIfNull(reader);
        seed = reader.ReadUInt64();
        for (var e = 0; e < environments; e++)
        {
            episodes[e] = reader.ReadUInt32();
            slots[e] = reader.ReadInt32();
            ended[e] = reader.ReadBoolean();
            movement[e] = Rng.Stream(seed, PlayStream.Of(PlayStream.Movement, e, episodes[e]), reader.ReadUInt64());
            demand[e] = Rng.Stream(seed, PlayStream.Of(PlayStream.Play, e, episodes[e]), reader.ReadUInt64());
        }

        vehicles.Read(reader);
        foreach (var list in (ReadOnlySpan<double[]>)[lastPrices, sizes, watts])
        {
            for (var i = 0; i < list.Length; i++)
            {
                list[i] = reader.ReadDouble();
            }
        }

        for (var e = 0; e < environments; e++)
        {
            See(e);
        }
    }

    /// <summary>What a row would get in this slot with another bid, the others' being those that were played.</summary>
    internal double UtilityOf(int row, double bid)
    {
        if (sizes[row] == 0)
        {
            return 0;
        }

        var market = row / agents * Station.Count + stations[row];
        var before = bids[row];
        bids[row] = bid;
        ClearMarket(market);
        bids[row] = before;
        return clearing.Winners.Contains(row) ? values[row] - clearing.BuyerPrice : 0;
    }

    /// <summary>The slot's markets as a document, everybody truthful; buyers in the order of their rows.</summary>
    internal DoubleAuctionMarket MarketOf(int e)
    {
        var markets = ImmutableArray.CreateBuilder<LocalMarket>(Station.Count);
        for (var station = 0; station < Station.Count; station++)
        {
            var market = e * Station.Count + station;
            var power = watts.AsSpan(market * sellers, sellers).ToArray();
            var buyers = MembersOf(market).ToArray();
            markets.Add(new()
            {
                Buyers = [.. buyers.Select(row => new AuctionBuyer { Bid = values[row], ContentKilobytes = sizes[row] })],
                Sellers = [.. power.Select(one => new AuctionSeller { Ask = CostOf(one) })],
                RatesMegabitsPerSecond = [.. buyers.Select(row => power.Select(one => Station.Rate(ratios[row], one)).ToImmutableArray())],
            });
        }

        return new() { Reward = judged, Markets = markets.MoveToImmutable() };
    }

    /// <summary>The rows with a request at a unit, rising.</summary>
    /// <param name="market">Environment × 4 + unit.</param>
    internal ReadOnlySpan<int> MembersOf(int market)
    {
        var first = market % Station.Count == 0 ? market / Station.Count * agents : ends[market - 1];
        return members.AsSpan(first, ends[market] - first);
    }

    /// <summary>One cost for each watt: u_m = P_m/10.</summary>
    private static double CostOf(double watts) => watts / HighestWatts;

    private void Begin(int e)
    {
        movement[e] = Rng.Stream(seed, PlayStream.Of(PlayStream.Movement, e, episodes[e]));
        demand[e] = Rng.Stream(seed, PlayStream.Of(PlayStream.Play, e, episodes[e]));
        (slots[e], ended[e]) = (0, false);
        lastPrices.AsSpan(e * Station.Count, Station.Count).Fill(FirstPrice);
        vehicles.Place(e * agents, agents, ref movement[e]);
        Draw(e);
        See(e);
    }

    private void Draw(int e)
    {
        vehicles.Move(e * agents, agents, ref movement[e]);
        ref var random = ref demand[e];
        for (var row = e * agents; row < (e + 1) * agents; row++)
        {
            var asks = scenario.RequestProbability >= 1 || random.NextDouble() < scenario.RequestProbability;
            sizes[row] = asks
                ? Math.Clamp(Math.Exp(scenario.ContentLogMean + scenario.ContentLogDeviation * random.NextNormal()), SmallestSize, LargestSize)
                : 0;
        }

        foreach (ref var power in watts.AsSpan(e * Station.Count * sellers, Station.Count * sellers))
        {
            power = HighestWatts * random.NextDouble();
        }
    }

    /// <summary>Everything that follows from places, sizes and powers.</summary>
    private void See(int e)
    {
        Span<double> counts = stackalloc double[Station.Count];
        Span<int> next = stackalloc int[Station.Count];
        for (var station = 0; station < Station.Count; station++)
        {
            var from = (e * Station.Count + station) * sellers;
            var sorted = sortedWatts.AsSpan(from, sellers);
            watts.AsSpan(from, sellers).CopyTo(sorted);
            sorted.Sort();
            for (var m = 0; m < sellers; m++)
            {
                costs[from + m] = CostOf(sorted[m]);
            }
        }

        for (var row = e * agents; row < (e + 1) * agents; row++)
        {
            var (x, y) = vehicles.PlaceOf(row);
            stations[row] = (byte)Station.Nearest(x, y);
            ratios[row] = Station.RatioPerWatt(stations[row], x, y, vehicles.ShadowingOf(row));
            values[row] = Math.Log(1 + sizes[row] / 1000);
            next[stations[row]] += sizes[row] > 0 ? 1 : 0;
        }

        var end = e * agents;
        for (var station = 0; station < Station.Count; station++)
        {
            counts[station] = (double)(next[station] + sellers) / (agents + Station.Count * sellers);
            (next[station], end) = (end, end + next[station]);
            ends[e * Station.Count + station] = end;
        }

        for (var row = e * agents; row < (e + 1) * agents; row++)
        {
            if (sizes[row] > 0)
            {
                members[next[stations[row]]++] = row;
            }

            ObserveRow(e, row, counts);
        }
    }

    private void ObserveRow(int e, int row, ReadOnlySpan<double> counts)
    {
        var market = e * Station.Count + stations[row];
        var sorted = sortedWatts.AsSpan(market * sellers, sellers);
        meanRates[row] = Station.MeanRate(ratios[row], sorted);
        var seen = observations.AsSpan(row * width, width);
        for (var station = 0; station < Station.Count; station++)
        {
            seen[station] = (float)counts[station];
        }

        seen[Station.Count] = (float)lastPrices[market];
        var rest = seen[(Station.Count + 1)..];
        if (scenario.Observation == AuctionView.PaperExact)
        {
            for (var m = 0; m < sellers; m++)
            {
                rest[m] = (float)(Station.Rate(ratios[row], watts[market * sellers + m]) / RateUnit);
            }

            return;
        }

        SeeOwn(
            rest, Station.Rate(ratios[row], sorted[0]), meanRates[row], Station.Rate(ratios[row], sorted[^1]), values[row], sizes[row], stations[row],
            (double)slots[e] / scenario.Slots);
        if (scenario.Observation == AuctionView.Asks)
        {
            SeeAsks(rest, costs.AsSpan(market * sellers, sellers));
        }
    }

    /// <summary>The part of the full view that is a vehicle's own.</summary>
    internal static void SeeOwn(
        Span<float> seen, double lowestRate, double meanRate, double highestRate, double value, double size, int station, double time)
    {
        (seen[0], seen[1], seen[2]) = ((float)(lowestRate / RateUnit), (float)(meanRate / RateUnit), (float)(highestRate / RateUnit));
        (seen[3], seen[4]) = ((float)value, (float)(size / SizeUnit));
        for (var n = 0; n < Station.Count; n++)
        {
            seen[5 + n] = n == station ? 1 : 0;
        }

        seen[5 + Station.Count] = (float)time;
    }

    /// <summary>The asks at the end of a view, lowest first.</summary>
    internal static void SeeAsks(Span<float> seen, ReadOnlySpan<double> rising)
    {
        var last = seen[^rising.Length..];
        for (var m = 0; m < rising.Length; m++)
        {
            last[m] = (float)rising[m];
        }
    }

    private void ClearMarket(int market) => clearing.Clear(MembersOf(market), bids, costs.AsSpan(market * sellers, sellers));

    private void Clear(int e)
    {
        utilities.AsSpan(e * agents, agents).Clear();
        double value = 0, cost = 0, balance = 0, latency = 0, worst = 0;
        int trades = 0, efficient = 0, losses = 0;
        for (var station = 0; station < Station.Count; station++)
        {
            var market = e * Station.Count + station;
            ClearMarket(market);
            efficient += clearing.EfficientTrades;
            var winners = clearing.Winners;
            if (winners.IsEmpty)
            {
                continue;
            }

            var price = clearing.BuyerPrice;
            for (var i = 0; i < winners.Length; i++)
            {
                var row = winners[i];
                value += values[row];
                cost += costs[market * sellers + i];
                latency += sizes[row] * SecondsPerKilobyteAtMegabit / Station.Rate(ratios[row], sortedWatts[market * sellers + i]);
                utilities[row] = values[row] - price;
                losses += price > values[row] ? 1 : 0;
                worst = Math.Max(worst, price - values[row]);
            }

            trades += winners.Length;
            balance += winners.Length * (price - clearing.SellerPrice);
            lastPrices[market] = (price + clearing.SellerPrice) / 2;
        }

        var (gains, paper) = (value - cost, value + cost);
        var reward = judged.Of(judged.Welfare == AuctionWelfare.GainsFromTrade ? gains : paper, balance, latency);
        played[e] = new(gains, paper, balance, latency, trades, efficient, losses, worst, reward);
    }

    private void DescribeStation(int e, int station, Span<float> state)
    {
        var market = e * Station.Count + station;
        var buyers = MembersOf(market);
        var sorted = sorting.AsSpan(0, buyers.Length);
        var rate = 0.0;
        for (var i = 0; i < buyers.Length; i++)
        {
            sorted[i] = values[buyers[i]];
            rate += meanRates[buyers[i]] / buyers.Length;
        }

        sorted.Sort();
        state[0] = (float)buyers.Length / agents;
        Spread(sorted, state.Slice(1, 4));
        Spread(costs.AsSpan(market * sellers, sellers), state.Slice(5, 4));
        state[9] = (float)lastPrices[market];
        state[10] = (float)(rate / RateUnit);
    }

    /// <summary>Mean and quartiles of sorted numbers; 0 where there are none.</summary>
    private static void Spread(ReadOnlySpan<double> sorted, Span<float> spread)
    {
        spread.Clear();
        if (sorted.IsEmpty)
        {
            return;
        }

        var sum = 0.0;
        foreach (var number in sorted)
        {
            sum += number;
        }

        spread[0] = (float)(sum / sorted.Length);
        for (var quartile = 1; quartile <= 3; quartile++)
        {
            spread[quartile] = (float)sorted[(sorted.Length - 1) * quartile / 4];
        }
    }
}
