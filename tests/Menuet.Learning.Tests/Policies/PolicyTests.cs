using Menuet.Learning.Autodiff;
using Menuet.Learning.Networks;
using Menuet.Learning.Policies;
using Menuet.Learning.Tests.Autodiff;

namespace Menuet.Learning.Tests.Policies;

public sealed class PolicyTests
{
    private const int Rows = 300, Size = 3, Actions = 2;

    private static (StochasticPolicy Policy, Parameters Parameters) Make(ActionLaw law)
    {
        var parameters = new Parameters();
        var rng = Rng.Stream(4, 1);
        var policy = StochasticPolicy.Build(parameters, new MlpArchitecture { Hidden = [8] }, new() { Law = law, GridSize = 5 }, Size, Actions, ref rng);
        var noise = Differences.Draw(parameters.Length, 1, 0.3f);
        for (var i = 0; i < parameters.Length; i++)
            if (parameters.Values[i] != 0)
                parameters.Values[i] += noise[i];
        return (policy, parameters);
    }

    private static (float[] Observations, float[] Samples, float[] Actions, float[] Log) Explore(StochasticPolicy policy)
    {
        var rng = Rng.Stream(6, 1);
        var observations = Differences.Draw(Rows * Size, 2);
        var (samples, actions, log) = (new float[Rows * Actions], new float[Rows * Actions], new float[Rows]);
        policy.Explore(observations, Rows, ref rng, samples, actions, log);
        return (observations, samples, actions, log);
    }

    [Theory]
    [InlineData(ActionLaw.ClampedGaussian)]
    [InlineData(ActionLaw.SquashedGaussian)]
    [InlineData(ActionLaw.Grid)]
    public void LogProbability_OfExploration_IsThatOfTheLoss_AndItsGradientAgrees(ActionLaw law)
    {
        var (policy, parameters) = Make(law);
        var (observations, samples, actions, log) = Explore(policy);
        var tape = new Tape();
        var again = policy.LogProbability(policy.Network.Forward(tape.Input(observations, Rows, Size)), tape.Input(samples, Rows, Actions));
        for (var i = 0; i < Rows; i++)
            Assert.Equal(log[i], again.Data[i], 1e-5f);
        Assert.All(actions, a => Assert.InRange(a, -1f, 1f));
        Differences.CheckBlock(
            parameters,
            t =>
            {
                var output = policy.Network.Forward(t.Input(observations, Rows, Size));
                return policy.LogProbability(output, t.Input(samples, Rows, Actions)).Mean() + 0.3f * policy.Entropy(output).Mean();
            },
            1e-2);
    }

    [Fact]
    public void Gaussian_DensityIsThatOfTheFormula()
    {
        var (policy, parameters) = Make(ActionLaw.SquashedGaussian);
        var (observations, samples, actions, log) = Explore(policy);
        var tape = new Tape();
        var mean = policy.Network.Forward(tape.Input(observations, Rows, Size)).Data;
        var deviations = parameters.Values[^16..];   // the last matrix
        for (var i = 0; i < Rows; i++)
        {
            var sum = 0.0;
            for (var j = 0; j < Actions; j++)
            {
                double u = samples[i * Actions + j], sigma = Math.Exp(deviations[j]), z = (u - mean[i * Actions + j]) / sigma;
                sum += -0.5 * z * z - Math.Log(sigma * Math.Sqrt(2 * Math.PI)) - Math.Log(1 - Math.Tanh(u) * Math.Tanh(u));
                Assert.Equal(Math.Tanh(u), actions[i * Actions + j], 1e-6);
            }
            Assert.Equal(sum, log[i], 1e-4);
        }
    }

    [Fact]
    public void LowestDeviation_IsWhereExplorationStays()
    {
        var parameters = new Parameters();
        var rng = Rng.Stream(4, 1);
        var options = new PolicyOptions { InitialLogDeviation = -3, LowestLogDeviation = -3 };
        var policy = StochasticPolicy.Build(parameters, new MlpArchitecture { Hidden = [8] }, options, Size, Actions, ref rng);
        parameters.Values[^16..].Fill(-8);   // the last matrix: what an optimiser would make of it
        var (observations, samples, _, _) = Explore(policy);
        var mean = policy.Network.Forward(new Tape().Input(observations, Rows, Size)).Data.ToArray();
        Assert.InRange(Math.Sqrt(samples.Zip(mean, (u, m) => (double)(u - m) * (u - m)).Average()), 0.9 * Math.Exp(-3), 1.1 * Math.Exp(-3));
        Assert.Empty(options.Problems());
        Assert.Equal("initialLogDeviation", Assert.Single((options with { InitialLogDeviation = -4 }).Problems()).Path);
    }

    [Fact]
    public void Grid_DrawsWithItsProbabilities_AndDecidesForTheLargest()
    {
        var (policy, _) = Make(ActionLaw.Grid);
        var tape = new Tape();
        var observation = new float[] { 0.3f, -1f, 0.5f };
        var p = policy.Network.Forward(tape.Input(observation, 1, Size)).Reshape(Actions, 5).Softmax().Data.ToArray();
        const int draws = 20_000;
        var observations = Enumerable.Range(0, draws).SelectMany(_ => observation).ToArray();
        var (samples, actions, log) = (new float[draws * Actions], new float[draws * Actions], new float[draws]);
        var rng = Rng.Stream(6, 1);
        policy.Explore(observations, draws, ref rng, samples, actions, log);
        for (var k = 0; k < 5; k++)
            Assert.Equal(p[k], Enumerable.Range(0, draws).Count(i => samples[i * Actions] == k) / (double)draws, 0.015);
        Assert.Equal(Math.Log(p[(int)samples[0]]) + Math.Log(p[5 + (int)samples[1]]), log[0], 1e-4);
        Assert.Equal(samples[0] / 2 - 1, actions[0]);
        var decided = new float[Actions];
        policy.Act(observation, decided, 1);
        Assert.Equal(Array.IndexOf(p, p[..5].Max()) / 2f - 1, decided[0]);
    }

    [Fact]
    public void Act_DoesNotDependOnHowRowsAreBatched()
    {
        var (policy, _) = Make(ActionLaw.ClampedGaussian);
        var observations = Differences.Draw(Rows * Size, 2);
        var (all, one) = (new float[Rows * Actions], new float[Actions]);
        policy.Act(observations, all, Rows);
        for (var row = 0; row < Rows; row += 37)
        {
            policy.Act(observations.AsSpan(row * Size, Size), one, 1);
            Assert.Equal(all.AsSpan(row * Actions, Actions).ToArray(), one);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(31)]
    [InlineData(Rows * Size - 1)]
    public void ObservationThatIsNotFinite_IsRefusedByPosition(int at)
    {
        var (policy, _) = Make(ActionLaw.ClampedGaussian);
        var observations = Differences.Draw(Rows * Size, 2);
        observations[at] = float.PositiveInfinity;
        var problem = Assert.Throws<DivergenceException>(() => policy.Act(observations, new float[Rows * Actions], Rows));
        Assert.Contains($"entry {at} ", problem.Message, StringComparison.Ordinal);
    }
}
