namespace Menuet.Generation.Embedded;

/// <summary>A small convolutional classifier of digits; fidelity is measured in its 64 features. Holds working memory: one instance for each thread.</summary>
/// <remarks>Trained by tools/train_digits.py, with which it agrees to 1e-4 relative.</remarks>
internal sealed unsafe class DigitClassifier
{
    /// <summary>How many features.</summary>
    internal const int Features = 64;

    private readonly TensorFile weights = TensorFile.Weights;
    private readonly float[] edged = new float[30 * 30];
    private readonly float[] first = new float[Denoiser.Pixels * 16];
    private readonly float[] edgedHalf = new float[16 * 16 * 16];
    private readonly float[] second = new float[196 * 16];
    private readonly float[] quarter = new float[49 * 16];

    /// <summary>The features of an image, and a score for each of ten classes (before the softmax).</summary>
    /// <param name="image">[28, 28], from −1 (paper) to 1 (ink).</param>
    /// <param name="features">Result, [64].</param>
    /// <param name="scores">Result, [10].</param>
    internal void Run(ReadOnlySpan<float> image, Span<float> features, Span<float> scores)
    {
        for (var y = 0; y < 28; y++)
            image.Slice(y * 28, 28).CopyTo(edged.AsSpan(((y + 1) * 30) + 1));
        fixed (float* input = edged, output = first)
            Convolution.Run(input, 1, 28, 3, weights["classifier.conv1.weight"], weights["classifier.conv1.bias"], output, 16);
        Pool(first, 28, edgedHalf, 16, 1);
        fixed (float* input = edgedHalf, output = second)
            Convolution.Run(input, 16, 14, 3, weights["classifier.conv2.weight"], weights["classifier.conv2.bias"], output, 16);
        Pool(second, 14, quarter, 7, 0);
        Elementwise.Multiply(quarter, weights["classifier.features.weight"], weights["classifier.features.bias"], features);
        for (var i = 0; i < features.Length; i++)
            features[i] = Math.Max(0, features[i]);
        Elementwise.Multiply(features, weights["classifier.classes.weight"], weights["classifier.classes.bias"], scores);
    }

    /// <summary>The largest of 2 x 2 pixels and zero, written into lines of a given length behind an edge.</summary>
    private static void Pool(float[] x, int width, float[] half, int lineLength, int edge)
    {
        for (var y = 0; y < width / 2; y++)
        {
            for (var p = 0; p < width / 2; p++)
            {
                for (var c = 0; c < 16; c++)
                {
                    var from = (((2 * y * width) + (2 * p)) * 16) + c;
                    var largest = Math.Max(Math.Max(x[from], x[from + 16]), Math.Max(x[from + (16 * width)], x[from + (16 * width) + 16]));
                    half[((((y + edge) * lineLength) + p + edge) * 16) + c] = Math.Max(0, largest);
                }
            }
        }
    }
}
