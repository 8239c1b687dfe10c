// What graphql-eslint's recommended and Relay rules ask of a schema. The options say what those rules cannot know: which
// types are values without an identity, that a list may hold values, that the node of an edge may be one of several
// types, and that a search has a first page and no last one. One rule is added: what a mutation answers leads to
// Query.
import graphql from '@graphql-eslint/eslint-plugin'
import { readFileSync } from 'node:fs'

const schema = process.env.SEGUE_LINTED_SCHEMA
const values = JSON.parse(readFileSync(`${schema}.values.json`))
const rules = { ...graphql.configs['flat/schema-recommended'].rules, ...graphql.configs['flat/schema-relay'].rules }

export default [
  {
    files: ['**/*.graphql'],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema } } },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...rules,
      '@graphql-eslint/strict-id-in-types': ['error', { exceptions: { types: values } }],
      '@graphql-eslint/relay-edge-types': [
        'error',
        { withEdgeSuffix: true, shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false },
      ],
      '@graphql-eslint/relay-arguments': ['error', { includeBoth: false }],
      '@graphql-eslint/require-field-of-type-query-in-mutation-result': 'error',
    },
  },
]
