{#
  From an indicator's raw value to its standardised one. Rank 1 is the worst area, and the worst area
  has the highest standardised value.
#}

{# A polynomial by Horner's rule, the coefficients from the lowest power up. #}
{% macro polynomial(coefficients, x) -%}
    {%- for coefficient in coefficients[:-1] -%}
        {{ '(' ~ coefficient ~ '::double + ' ~ x ~ ' * ' }}
    {%- endfor -%}
    {{ coefficients[-1] ~ '::double' ~ ')' * (coefficients | length - 1) }}
{%- endmacro %}

{# Algorithm AS 241, PPND16 (Wichura 1988, Applied Statistics 37, 477-484): DuckDB has no such
   function. #}
{% macro inverse_normal(p) -%}
    {%- set tail = "sqrt(-ln(least(" ~ p ~ ", 1.0::double - " ~ p ~ ")))" -%}
    {%- set from_middle = "(" ~ p ~ " - 0.5::double)" -%}
    {%- set middle = "(0.180625::double - " ~ from_middle ~ " * " ~ from_middle ~ ")" -%}
    case
        when {{ p }} <= 0 or {{ p }} >= 1 then null
        when abs({{ from_middle }}) <= 0.425
            then {{ from_middle }}
                * {{ polynomial([
                    '3.3871328727963666080', '133.14166789178437745', '1971.5909503065514427',
                    '13731.693765509461125', '45921.953931549871457', '67265.770927008700853',
                    '33430.575583588128105', '2509.0809287301226727'
                ], middle) }}
                / {{ polynomial([
                    '1', '42.313330701600911252', '687.18700749205790830',
                    '5394.1960214247511077', '21213.794301586595867', '39307.895800092710610',
                    '28729.085735721942674', '5226.4952788528545610'
                ], middle) }}
        when {{ tail }} <= 5
            then sign({{ from_middle }})
                * {{ polynomial([
                    '1.42343711074968357734', '4.63033784615654529590', '5.76949722146069140550',
                    '3.64784832476320460504', '1.27045825245236838258', '0.241780725177450611770',
                    '0.0227238449892691845833', '0.000774545014278341407640'
                ], "(" ~ tail ~ " - 1.6::double)") }}
                / {{ polynomial([
                    '1', '2.05319162663775882187', '1.67638483018380384940',
                    '0.689767334985100004550', '0.148103976427480074590',
                    '0.0151986665636164571966', '0.000547593808499534494600',
                    '0.00000000105075007164441684324'
                ], "(" ~ tail ~ " - 1.6::double)") }}
        else sign({{ from_middle }})
            * {{ polynomial([
                '6.65790464350110377720', '5.46378491116411436990', '1.78482653991729133580',
                '0.296560571828504891230', '0.0265321895265761230930',
                '0.00124266094738807843860', '0.0000271155556874348757815',
                '0.000000201033439929228813265'
            ], "(" ~ tail ~ " - 5.0::double)") }}
            / {{ polynomial([
                '1', '0.599832206555887937690', '0.136929880922735805310',
                '0.0148753612908506148525', '0.000786869131145613259100',
                '0.0000184631831751005468180', '0.000000142151175831644588870',
                '0.00000000000000204426310338993978564'
            ], "(" ~ tail ~ " - 5.0::double)") }}
    end
{%- endmacro %}

{% macro method_of_indicators() %}
create or replace macro method.inverse_normal(p) as
    {{ inverse_normal('p') }};

create or replace macro method.logit(r, n) as
    ln((r + 0.5::double) / (n - r + 0.5::double));

create or replace macro method.logit_variance(r, n) as
    ((n + 1.0::double) * (n + 2.0::double) / (n * (r + 1.0::double) * (n - r + 1.0::double)));

create or replace macro method.shrinkage_weight(own_variance, variance_between) as
    (variance_between / (variance_between + own_variance));

create or replace macro method.shrunken_rate(scale, own_weight, own_logit, larger_logit) as
    scale / (1 + exp(-(own_weight * own_logit + (1 - own_weight) * larger_logit)));

create or replace macro method.normal_score(place, n) as
    {{ inverse_normal('((n - place + 1.0::double) / (n + 1.0::double))') }};
{% endmacro %}
