/** Activation functions as modules, for `Sequential`. The functions themselves are in `@varigrad/core`. */
import { elu, gelu, leakyRelu, relu, sigmoid, softplus, type Tensor, tanh } from '@varigrad/core';
import { checkFinite } from '@varigrad/core/checks';
import { type Description, Module } from './module.js';

/** max(x, 0), element by element */
export class ReLU extends Module {
  forward(x: Tensor): Tensor {
    return relu(x);
  }
}

/** x for x > 0, else slope·x */
export class LeakyReLU extends Module {
  readonly slope: number;

  /**
   * @param slope - factor on negative elements
   * @throws ArgumentError unless slope is finite
   */
  constructor(slope = 0.01) {
    super();
    checkFinite('LeakyReLU', 'slope', slope);
    this.slope = slope;
  }

  override describe(): Description {
    return [`slope ${this.slope}`];
  }

  forward(x: Tensor): Tensor {
    return leakyRelu(x, this.slope);
  }
}

/** x for x > 0, else α(eˣ − 1) */
export class ELU extends Module {
  readonly alpha: number;

  /**
   * @param alpha - α; −α is the limit for x → −∞
   * @throws ArgumentError unless alpha is finite
   */
  constructor(alpha = 1) {
    super();
    checkFinite('ELU', 'alpha', alpha);
    this.alpha = alpha;
  }

  override describe(): Description {
    return [`alpha ${this.alpha}`];
  }

  forward(x: Tensor): Tensor {
    return elu(x, this.alpha);
  }
}

/** x·Φ(x), where Φ is the normal distribution function */
export class GELU extends Module {
  forward(x: Tensor): Tensor {
    return gelu(x);
  }
}

/** 1 / (1 + e^−x) */
export class Sigmoid extends Module {
  forward(x: Tensor): Tensor {
    return sigmoid(x);
  }
}

/** tanh x */
export class Tanh extends Module {
  forward(x: Tensor): Tensor {
    return tanh(x);
  }
}

/** ln(1 + eˣ) */
export class Softplus extends Module {
  forward(x: Tensor): Tensor {
    return softplus(x);
  }
}
