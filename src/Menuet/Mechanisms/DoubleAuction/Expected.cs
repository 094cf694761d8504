namespace Menuet.Mechanisms.DoubleAuction;

/// <summary>Everything that a rule prescribes in one market, participant by participant; for the audit.</summary>
/// <param name="Rule">Prices and how they come about.</param>
/// <param name="Bought">Units of each buyer.</param>
/// <param name="Sold">Units of each seller.</param>
/// <param name="Payments">Of each buyer.</param>
/// <param name="Receipts">Of each seller.</param>
/// <param name="Pairs">By rank, or as sold; by participants.</param>
internal sealed record Expected(
    AuditedRule Rule, long[] Bought, long[] Sold, double[] Payments, double[] Receipts, (int Buyer, int Seller)[] Pairs)
{
    internal static Expected Of(AuditedMarket one, AuditedRule rule)
    {
        var result = new Expected(
            rule, new long[one.BuyerCount], new long[one.SellerCount], new double[one.BuyerCount], new double[one.SellerCount],
            new (int, int)[Math.Max(0, rule.Trades)]);
        if (rule.Rule == PricingRule.SequentialSecondPrice)
        {
            return result.Sell(one);
        }

        for (var k = 0; k < rule.Trades; k++)
        {
            var (buyer, seller) = (one.BuyerOf[one.ByBid[k]], one.SellerOf[one.ByAsk[k]]);
            result.Pairs[k] = (buyer, seller);
            result.Bought[buyer]++;
            result.Sold[seller]++;
        }

        for (var i = 0; i < one.BuyerCount; i++)
        {
            result.Payments[i] = result.Bought[i] == 0 ? 0
                : double.IsNaN(rule.BuyerPrice) ? Clarke(one.Bids, one.ByBid, one.BuyerOf, i, one.Asks, one.ByAsk, result.Bought[i], rule.Trades, 1)
                : result.Bought[i] * rule.BuyerPrice;
        }

        for (var j = 0; j < one.SellerCount; j++)
        {
            result.Receipts[j] = result.Sold[j] == 0 ? 0
                : double.IsNaN(rule.SellerPrice) ? Clarke(one.Asks, one.ByAsk, one.SellerOf, j, one.Bids, one.ByBid, result.Sold[j], rule.Trades, -1)
                : result.Sold[j] * rule.SellerPrice;
        }

        return result;
    }

    /// <summary>
    /// What a participant's presence costs the others, as the difference between the gains with and without her, walking only over the ranks
    /// where the two differ.
    /// </summary>
    /// <param name="own">Reports of her side.</param>
    /// <param name="byOwn">Its units by rank.</param>
    /// <param name="ownerOf">Its participants.</param>
    /// <param name="who">The participant.</param>
    /// <param name="other">Reports of the other side.</param>
    /// <param name="byOther">Its units by rank.</param>
    /// <param name="won">Units that she trades.</param>
    /// <param name="trades">K.</param>
    /// <param name="sign">1 for buyers, −1 for sellers.</param>
    internal static double Clarke(
        double[] own, int[] byOwn, int[] ownerOf, int who, double[] other, int[] byOther, long won, int trades, int sign)
    {
        // Without her the others' line is K − won long up to here, then goes on with the losers; gains(k) = Σ sign (own − other).
        double best = 0, sum = 0;
        var k = trades - (int)won;
        for (var rank = trades; rank < byOwn.Length && k < byOther.Length; rank++)
        {
            if (ownerOf[byOwn[rank]] == who)
            {
                continue;
            }

            sum += sign * (own[byOwn[rank]] - other[byOther[k++]]);
            if (sum < best)
            {
                break;
            }

            best = sum;
        }

        var freed = 0.0;
        for (var rank = trades - (int)won; rank < trades; rank++)
        {
            freed += other[byOther[rank]];
        }

        return freed + (sign * best);
    }

    private Expected Sell(AuditedMarket one)
    {
        var pairs = new List<(int, int)>();
        var ascending = Array.ConvertAll(one.ByAsk, unit => one.Asks[unit]);
        var next = 0;
        for (var unit = 0; unit < one.Asks.Length; unit++)
        {
            var ask = one.Asks[unit];
            if (next >= one.ByBid.Length || !(one.Bids[one.ByBid[next]] >= ask))
            {
                continue;
            }

            var (buyer, seller) = (one.BuyerOf[one.ByBid[next]], one.SellerOf[unit]);
            next++;
            var runnerUp = next < one.ByBid.Length ? one.Bids[one.ByBid[next]] : double.NegativeInfinity;
            var above = Array.BinarySearch(ascending, ask);
            while (above < ascending.Length && ascending[above] == ask)
            {
                above++;
            }

            Bought[buyer]++;
            Sold[seller]++;
            Payments[buyer] += runnerUp > ask ? runnerUp : ask;
            Receipts[seller] += above < ascending.Length ? ascending[above] : ask;
            pairs.Add((buyer, seller));
        }

        return this with { Pairs = [.. pairs] };
    }
}

/// <summary>A proven lower bound on the cost of any assignment, for the audit: potentials by the Hungarian method, then checked pair by pair.</summary>
internal static class LeastTotal
{
    /// <summary>Σ u_i + Σ v_j, less what the potentials exceed any cost by; it equals the least cost up to rounding.</summary>
    /// <param name="count">Rows and columns.</param>
    /// <param name="cost">Of row i and column j.</param>
    internal static double Bound(int count, Func<int, int, double> cost)
    {
        var table = new double[(long)count * count];
        for (var i = 0; i < count; i++)
        {
            for (var j = 0; j < count; j++)
            {
                table[((long)i * count) + j] = cost(i, j);
            }
        }

        var (u, v) = Potentials(count, table);
        double sum = 0, worst = 0;
        for (var i = 0; i < count; i++)
        {
            sum += u[i + 1] + v[i + 1];
            for (var j = 0; j < count; j++)
            {
                worst = Math.Max(worst, u[i + 1] + v[j + 1] - table[((long)i * count) + j]);
            }
        }

        return sum - (count * worst);
    }

    /// <summary>The textbook method with 1-based rows and columns, 0 standing for "none".</summary>
    private static (double[] U, double[] V) Potentials(int count, double[] table)
    {
        var (u, v) = (new double[count + 1], new double[count + 1]);
        var (match, way) = (new int[count + 1], new int[count + 1]);
        var (slack, used) = (new double[count + 1], new bool[count + 1]);
        for (var i = 1; i <= count; i++)
        {
            match[0] = i;
            var column = 0;
            Array.Fill(slack, double.PositiveInfinity);
            Array.Clear(used);
            do
            {
                used[column] = true;
                var row = match[column];
                var (delta, nearest) = (double.PositiveInfinity, 0);
                for (var j = 1; j <= count; j++)
                {
                    if (used[j])
                    {
                        continue;
                    }

                    var reduced = table[((long)(row - 1) * count) + j - 1] - u[row] - v[j];
                    (slack[j], way[j]) = reduced < slack[j] ? (reduced, column) : (slack[j], way[j]);
                    (delta, nearest) = slack[j] < delta ? (slack[j], j) : (delta, nearest);
                }

                for (var j = 0; j <= count; j++)
                {
                    if (used[j])
                    {
                        u[match[j]] += delta;
                        v[j] -= delta;
                    }
                    else
                    {
                        slack[j] -= delta;
                    }
                }

                column = nearest;
            }
            while (match[column] != 0);

            while (column != 0)
            {
                (match[column], column) = (match[way[column]], way[column]);
            }
        }

        return (u, v);
    }
}
